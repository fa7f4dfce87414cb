/// When to say that something happens to connections which is this host's own lack: at the first, and again only after an hour without,
/// which is when it is over.
package struct Recurrence: Sendable {
    /// Seconds.
    static let silence = 60 * 60

    private var known = 0
    private var last: Int?
    private var isLasting = false

    package init() {}

    /// - Parameters:
    ///   - count: of these connections, since the start.
    ///   - now: in seconds.
    /// - Returns: whether to say it.
    package mutating func look(_ count: Int, now: Int) -> Bool {
        guard count > known else { return false }
        known = count
        defer { (last, isLasting) = (now, true) }
        return last.map { now - $0 >= Self.silence } ?? true
    }

    /// When it is over if it does not happen again, in seconds; nil: it does not go on.
    package var end: Int? { isLasting ? last.map { $0 + Self.silence } : nil }

    /// - Returns: whether to say that it is over; once.
    package mutating func isOver(now: Int) -> Bool {
        guard let end, now >= end else { return false }
        isLasting = false
        return true
    }
}
