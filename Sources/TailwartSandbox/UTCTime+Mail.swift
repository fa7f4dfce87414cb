import Glibc
import TailwartWire

/// How mail writes a moment.
extension UTCTime {
    static func now() -> UTCTime { UTCTime(seconds: time(nil)) }

    /// `Mon, 23 Nov 2026 21:16:18 +0000` (RFC 5322 section 3.3).
    var messageDate: String {
        let date = calendar
        return
            "\(Self.weekdays[date.weekday]), \(date.day) \(Self.months[date.month - 1]) \(date.year) \(timeOfDay) +0000"
    }

    /// `23-Nov-2026 21:16:18 +0000` (RFC 3501 section 9, `date-time`: two places for the day, padded with a space).
    var internalDate: String {
        let date = calendar
        let pad = date.day < 10 ? " " : ""
        return "\(pad)\(date.day)-\(Self.months[date.month - 1])-\(date.year) \(timeOfDay) +0000"
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
}
