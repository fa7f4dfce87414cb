package import TailwartWire

/// A record with its numbers turned into the names of its topology: what people and programs read. Valid as long as the record is.
package struct RecordLine {
    package let record: Record
    package let listener: Listener
    /// `name` or `close`; nil if no route was reached.
    package let upstream: String?
    package let endpoint: String?

    package init(_ record: Record) {
        self.record = record
        listener = record.frontend.takeUnretainedValue().listener
        endpoint = record.place?.takeUnretainedValue().key.endpoint
        upstream =
            if let passage = record.passage {
                passage.takeUnretainedValue().backend.name
            } else {
                record.route == nil ? nil : "close"
            }
    }

    package var hello: ClientHello? { record.hello?.takeUnretainedValue().hello }

    package var id: String {
        String(decoding: (0..<RecordID.length).map { RecordID.digit($0, of: record.id) }, as: UTF8.self)
    }

    /// The address, or `unix` for a client without one.
    package var client: String { record.client.map { "\($0)" } ?? "unix" }

    /// Where the upstream was dialled: an address, or the path of a unix socket.
    package var upstreamAddress: String? {
        record.upstreamAddress.map { "\($0)" } ?? endpoint.flatMap { $0.hasPrefix("unix:") ? $0 : nil }
    }

    /// What is wrong with the hello, or who says that the client is not let in.
    package var detail: String? {
        record.helloError.map { "\($0)" } ?? record.denial?.takeUnretainedValue().words
    }

    package var offeredALPN: [String] {
        guard var names = hello?.alpn.makeIterator() else { return [] }
        var all: [String] = []
        while let name = names.next() { all.append(String(name)) }
        return all
    }
}

extension RecordLine {
    /// The table of a record: what programs read, in this order. docs/events.md shows it, and a test compares the two.
    package static let keys: [EventKey] = [
        .id, .listener, .proto, .client, .serverName, .alpn, .route, .upstream, .endpoint, .upstreamAddress,
        .inboundBytes, .outboundBytes, .toRoute, .toConnect, .toFirstByte, .total, .endedBy, .reason, .detail, .refused,
    ]

    /// The value under one of ``keys``; nil if it is not known.
    package func value(of key: EventKey) -> EventValue? {
        switch key {
        case .id: .text(id)
        case .listener: .text(listener.name)
        case .proto: .text(listener.proto.rawValue)
        case .client: .text(client)
        case .serverName: hello?.serverName.map { .text(String($0)) }
        case .alpn: offeredALPN.isEmpty ? nil : .list(offeredALPN)
        case .route: record.route.map { .number($0) }
        case .upstream: upstream.map { .text($0) }
        case .endpoint: endpoint.map { .text($0) }
        case .upstreamAddress: upstreamAddress.map { .text($0) }
        case .inboundBytes: .number(Int(clamping: record.inboundBytes))
        case .outboundBytes: .number(Int(clamping: record.outboundBytes))
        case .toRoute: record.times.toRoute.map { .milliseconds(UInt64($0)) }
        case .toConnect: record.times.toConnect.map { .milliseconds(UInt64($0)) }
        case .toFirstByte: record.times.toFirstByte.map { .milliseconds(UInt64($0)) }
        case .total: .milliseconds(record.times.total)
        case .endedBy: .text(record.ending.side.name)
        case .reason: .text(record.ending.reason.name)
        case .detail: detail.map { .text($0) }
        case .refused: record.wasRefused ? .flag(true) : nil
        default: nil
        }
    }
}

/// The identity of a connection: 16 lower-case hexadecimal digits in the record and in the `unique_id` of a PROXY header, so
/// that the logs of both ends can be joined.
package enum RecordID {
    package static let length = 16

    /// Nil if the text is none.
    package static func read(_ text: String) -> UInt64? {
        guard text.utf8.count == length, text.allSatisfy(\.isHexDigit) else { return nil }
        return UInt64(text, radix: 16)
    }

    package static func digit(_ position: Int, of id: UInt64) -> UInt8 {
        let nibble = UInt8(truncatingIfNeeded: id >> UInt64(60 - 4 * position)) & 0xf
        return nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
    }
}
