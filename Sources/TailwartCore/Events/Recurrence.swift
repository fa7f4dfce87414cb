/// When to say that something happens to connections which is this host's own lack: at the first, and again only after an hour without.
package struct Recurrence: Sendable {
    /// Seconds.
    static let silence = 60 * 60

    private var known = 0
    private var last: Int?

    package init() {}

    /// - Parameters:
    ///   - count: of these connections, since the start.
    ///   - now: in seconds.
    /// - Returns: whether to say it.
    package mutating func look(_ count: Int, now: Int) -> Bool {
        guard count > known else { return false }
        known = count
        defer { last = now }
        return last.map { now - $0 >= Self.silence } ?? true
    }
}
