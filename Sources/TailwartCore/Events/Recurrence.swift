/// When to say that connections go uncounted, as the ``ClientTable`` is full: at the first, and again only after an hour without.
package struct FullTableWatch: Sendable {
    /// Seconds.
    static let silence = 60 * 60

    private var known = 0
    private var last: Int?

    package init() {}

    /// - Parameters:
    ///   - untracked: connections that were not counted, since the start.
    ///   - now: in seconds.
    /// - Returns: whether to say it.
    package mutating func look(_ untracked: Int, now: Int) -> Bool {
        guard untracked > known else { return false }
        known = untracked
        defer { last = now }
        return last.map { now - $0 >= Self.silence } ?? true
    }
}
