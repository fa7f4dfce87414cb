/// What has come together since the edge was started, over all connections that are over.
package struct Totals: Sendable {
    /// Connections of one listener that ended for one reason.
    package struct Key: Sendable, Hashable {
        package let listener: String
        package let reason: CloseReason

        package init(listener: String, reason: CloseReason) {
            self.listener = listener
            self.reason = reason
        }
    }

    /// A row for each key that was seen. Few, and mostly the one that was found last: searched and not hashed, since every record asks.
    private var rows: [(key: Key, count: Int)] = []
    private var latest = 0
    package private(set) var inboundBytes: UInt64 = 0
    package private(set) var outboundBytes: UInt64 = 0
    /// Records that found a ring full; their connections are in none of the other numbers.
    package var lostRecords = 0
    /// Events that came faster than the ledger takes them.
    package var lostEvents = 0

    package init() {}

    package mutating func add(_ record: Record) {
        count(record.frontend.takeUnretainedValue().listener.name, record.ending.reason)
        inboundBytes += record.inboundBytes
        outboundBytes += record.outboundBytes
    }

    package var connections: [Key: Int] {
        Dictionary(rows.map { ($0.key, $0.count) }) { first, _ in first }
    }

    private mutating func count(_ listener: String, _ reason: CloseReason) {
        if !isAt(latest, listener, reason) {
            latest = rows.indices.first { isAt($0, listener, reason) } ?? rows.count
            if latest == rows.count { rows.append((Key(listener: listener, reason: reason), 0)) }
        }
        rows[latest].count += 1
    }

    private func isAt(_ index: Int, _ listener: String, _ reason: CloseReason) -> Bool {
        index < rows.count && rows[index].key.reason == reason && rows[index].key.listener == listener
    }
}
