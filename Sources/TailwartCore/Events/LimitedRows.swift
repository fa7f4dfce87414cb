/// Values by key, for so many keys and no more: who comes later shares the row of all others. A row stays for good.
package struct LimitedRows<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    /// Keys that are told apart, if only to count them: what a file with very many routes may cost in memory.
    private static var knownLimit: Int { 10_000 }

    package private(set) var rows: [(key: Key, value: Value)] = []
    /// How many keys share a row of others.
    package private(set) var folded = 0
    private let limit: Int
    private let empty: Value
    private var shared = 0
    private var known: [Key: Int] = [:]

    /// - Parameter limit: of rows with a key of their own.
    package init(limit: Int, empty: Value) {
        self.limit = limit
        self.empty = empty
    }

    package subscript(row: Int) -> Value {
        get { rows[row].value }
        _modify { yield &rows[row].value }
    }

    /// The row in which a key is counted.
    ///
    /// - Parameter rest: the key of those without a row; there may be several.
    package mutating func row(of key: Key, rest: Key) -> Int {
        if let row = known[key] { return row }
        let isKnown = known.count < Self.knownLimit
        guard rows.count - shared >= limit else {
            rows.append((key, empty))
            known[key] = rows.count - 1
            return rows.count - 1
        }
        let row = known[rest] ?? rows.count
        if row == rows.count {
            rows.append((rest, empty))
            shared += 1
            known[rest] = row
        }
        if isKnown, key != rest {
            folded += 1
            known[key] = row
        }
        return row
    }
}
