package import TailwartWire

/// What every accepted connection leaves behind, exactly one: fixed in size, so that a worker writes it into a ring without
/// allocating and another thread turns it into a line.
package struct Record: Sendable {
    /// The one that the connection was accepted under; the record owns one reference, given up with ``release()``. What the record
    /// names below lives as long.
    package let topology: Unmanaged<Topology>
    package var id: UInt64
    /// Microseconds since 1970 when the connection was accepted.
    package var acceptedAt: Int64
    package let frontend: Unmanaged<Frontend>
    package var client: InternetAddress?
    /// Owned, as the topology.
    package var hello: Unmanaged<HelloNote>?
    /// Who says that the client is not let in; owned, as the topology.
    package var denial: Unmanaged<Denial>?
    /// Its index in the listener; nil if no route was reached.
    package var route: Int? {
        get { routeNumber < 0 ? nil : Int(routeNumber) }
        set { routeNumber = newValue.map { Int32(clamping: $0) } ?? -1 }
    }
    private var routeNumber: Int32 = -1
    /// Nil if no route was reached, and for one that closes.
    package var passage: Unmanaged<Passage>?
    /// Dialled last; nil if none was.
    package var place: Unmanaged<Place>?
    package var upstreamAddress: InternetAddress?
    /// Payload, without PROXY headers.
    package var inboundBytes: UInt64 = 0
    package var outboundBytes: UInt64 = 0
    package var times = Times()
    package var ending = Ending(.edge, .drained)
    /// What is wrong with a hello that cannot be routed by.
    package var helloError: ClientHelloError?
    /// Whether the client was told so in its own protocol.
    package var wasRefused = false
    /// Whether the client of an SMTP server said, before the banner, what is no SMTP.
    package var spokeNoSMTP = false

    /// Microseconds since accept; nil if the connection did not get so far. Capped at 71 minutes, but for the total.
    package struct Times: Sendable, Equatable {
        /// As numbers with one that means nil: a session holds them.
        private var route = UInt32.max
        private var connect = UInt32.max
        private var firstByte = UInt32.max
        package var total: UInt64 = 0

        package init() {}

        package var toRoute: UInt32? {
            get { Self.known(route) }
            set { route = newValue ?? .max }
        }

        package var toConnect: UInt32? {
            get { Self.known(connect) }
            set { connect = newValue ?? .max }
        }

        package var toFirstByte: UInt32? {
            get { Self.known(firstByte) }
            set { firstByte = newValue ?? .max }
        }

        private static func known(_ time: UInt32) -> UInt32? { time == .max ? nil : time }
    }

    /// - Parameter frontend: of the topology.
    package init(retaining topology: Topology, id: UInt64, acceptedAt: Int64, frontend: Frontend) {
        self.init(
            taking: .passRetained(topology), id: id, acceptedAt: acceptedAt, frontend: .passUnretained(frontend))
    }

    package init(taking topology: Unmanaged<Topology>, id: UInt64, acceptedAt: Int64, frontend: Unmanaged<Frontend>) {
        self.topology = topology
        self.id = id
        self.acceptedAt = acceptedAt
        self.frontend = frontend
    }

    /// A copy that lives as long as it is held, of a connection that goes on.
    package func shared() -> SharedRecord {
        _ = topology.retain()
        if let hello { _ = hello.retain() }
        if let denial { _ = denial.retain() }
        return SharedRecord(taking: self)
    }

    /// To be called once, by whoever read the record last.
    package func release() {
        topology.release()
        hello?.release()
        denial?.release()
    }
}

/// Why a client was not let in, as the rules said that were in force.
package final class Denial: Sendable {
    private let rules: AccessRules
    private let source: AccessSource

    init(_ rules: AccessRules, _ source: AccessSource) {
        self.rules = rules
        self.source = source
    }

    /// For people.
    package var words: String { rules.words(for: source) ?? "" }
}

/// The ClientHello of a connection, kept on the side: most connections have none, and it is larger than all the rest of a record.
package final class HelloNote: Sendable {
    package let hello: ClientHello

    package init(_ hello: ClientHello) { self.hello = hello }
}
