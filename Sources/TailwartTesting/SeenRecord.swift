package import TailwartCore
package import TailwartWire

/// What a test looks at in a ``Record``, which it may keep.
package struct SeenRecord: Sendable, Equatable {
    package let id: UInt64
    package let listener: String
    package let ending: Ending
    package let client: InternetAddress?
    package let serverName: String?
    package let route: Int?
    /// Its position in the upstream.
    package let endpoint: Int?
    package let upstreamAddress: InternetAddress?
    package let inboundBytes: UInt64
    package let outboundBytes: UInt64
    package let wasRefused: Bool

    /// Releases the record.
    init(taking record: Record) {
        id = record.id
        listener = record.frontend.takeUnretainedValue().listener.name
        ending = record.ending
        client = record.client
        serverName = record.hello?.takeUnretainedValue().hello.serverName.map(String.init)
        route = record.route
        let place = record.place?.takeUnretainedValue()
        endpoint = record.passage?.takeUnretainedValue().places.firstIndex { $0 === place }
        upstreamAddress = record.upstreamAddress
        inboundBytes = record.inboundBytes
        outboundBytes = record.outboundBytes
        wasRefused = record.wasRefused
        record.release()
    }
}
