import CTailwartLinux
import Glibc

/// The two clocks of the system, in microseconds.
package enum Clock {
    /// Since some moment in the past, never set back: for deadlines and durations.
    package static func monotonic() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1000
    }

    /// Since 1970: for log lines.
    package static func wall() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }

    /// Whether a time service keeps the clock right, as the kernel knows (adjtimex(2)); nil if it does not tell.
    package static var isSynchronized: Bool? {
        // Zeros: asks, and changes nothing.
        var timex = [UInt64](repeating: 0, count: 64)
        switch tw_adjtimex(&timex) {
        // TIME_ERROR
        case 5: return false
        case 0...: return true
        default: return nil
        }
    }
}
