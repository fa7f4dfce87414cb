/// What has come together since the edge was started, over all connections that are over.
package struct Totals: Sendable, Equatable {
    /// Connections of one listener that ended for one reason.
    package struct Key: Sendable, Hashable {
        package let listener: String
        package let reason: CloseReason

        package init(listener: String, reason: CloseReason) {
            self.listener = listener
            self.reason = reason
        }
    }

    package private(set) var connections: [Key: Int] = [:]
    package private(set) var inboundBytes: UInt64 = 0
    package private(set) var outboundBytes: UInt64 = 0
    /// Records that found a ring full; their connections are in none of the other numbers.
    package var lostRecords = 0
    /// Events that came faster than the ledger takes them.
    package var lostEvents = 0

    package init() {}

    package mutating func add(_ record: Record) {
        let listener = record.frontend.takeUnretainedValue().listener.name
        connections[Key(listener: listener, reason: record.ending.reason), default: 0] += 1
        inboundBytes += record.inboundBytes
        outboundBytes += record.outboundBytes
    }
}
