package import TailwartCore
import TailwartWire

/// A record with what its topology calls the parts of it: what both log formats print.
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

    var hello: ClientHello? { record.hello?.takeUnretainedValue().hello }

    package var id: String {
        String(decoding: (0..<RecordID.length).map { RecordID.digit($0, of: record.id) }, as: UTF8.self)
    }

    /// The address, or `unix` for a client without one.
    package var client: String { record.client.map { "\($0)" } ?? "unix" }

    /// Where the upstream was dialled: an address, or the path of a unix socket.
    package var upstreamAddress: String? {
        record.upstreamAddress.map { "\($0)" } ?? endpoint.flatMap { $0.hasPrefix("unix:") ? $0 : nil }
    }

    package var offeredALPN: [String] {
        guard var names = hello?.alpn.makeIterator() else { return [] }
        var all: [String] = []
        while let name = names.next() { all.append(String(name)) }
        return all
    }
}
