/// Watches how many connections are open, to know when a storm is over and the memory that it took can go back to the system.
///
/// A value without clock; times are microseconds on the monotonic clock.
package struct Tide: Sendable, Equatable {
    /// So many connections fewer than at the highest, and no more than half, are worth a pass over all free memory.
    package static let storm = 1000
    /// From there to the pass, so that the rest of the storm is gone too. Not more than one pass in this time.
    package static let calm: UInt64 = 5_000_000

    private var highest = 0
    /// When the pass is due; nil while there is nothing to give back.
    package private(set) var due: UInt64?

    package init() {}

    /// Looks at what is open now.
    ///
    /// - Parameter ended: connections that have ended since the last look.
    /// - Returns: whether memory is to be given back now.
    package mutating func looks(live: Int, ended: Int, now: UInt64) -> Bool {
        highest = max(highest, live + ended)
        if let due, now >= due {
            self.due = nil
            highest = live
            return true
        }
        if due == nil, highest - live >= Self.storm, live <= highest / 2 { due = now + Self.calm }
        return false
    }

    /// Milliseconds until then; −1 if there is nothing to wait for.
    package func timeout(now: UInt64) -> Int32 {
        due.map { $0 <= now ? 0 : Int32(($0 - now) / 1000 + 1) } ?? -1
    }
}
