import TailwartCore
import TailwartWire

/// A whole file on its way from another program's to ours.
struct Draft {
    var maxConnections: Int?
    var listeners: [DraftListener] = []
    /// What there is to say about no listener in particular.
    var notes: [Finding] = []
}

/// A listener on its way: its routes have their upstreams in them, and conditions that ours has not.
struct DraftListener {
    /// What the source calls it.
    var name: String?
    var binds: [BindAddress]
    var routes: [DraftRoute]
    var position: SourcePosition
    var hello: SourceDuration?
    var idle: SourceDuration?
    var halfClosed: Duration?
    /// What reads PROXY headers; ``proxyProtocolIn`` follows from it.
    var header: DraftHeader?
    var proxyProtocolIn: ProxyProtocolIn?
    var maxConnections: Int?
    /// Of one client; nil where nothing is said.
    var concurrent: Int?
    /// What there is to say about it.
    var notes: [Finding] = []

    /// What is spoken: known from the port, else from the ports that are dialled, else TLS if a name is asked for.
    var proto: ListenerProtocol {
        if let known = binds.lazy.compactMap(\.wellKnownProtocol).first { return known }
        let dialled = routes.flatMap { route in
            route.dial?.upstream.endpoints.map { $0.port.flatMap { ListenerProtocol(wellKnownPort: $0) } } ?? []
        }
        let common = Set(dialled).count == 1 ? dialled.first.flatMap(\.self) : nil
        if routes.contains(where: \.match.needsHello) {
            return common.flatMap { $0.firstSpeaker == .client ? $0 : nil } ?? .https
        }
        return common ?? .tcp
    }
}

/// A route whose upstream stands in it, as other programs have them.
struct DraftRoute {
    var match: DraftMatch
    /// Nil closes.
    var dial: DraftDial?
    var position: SourcePosition
    /// Whether it is about who sends a PROXY header, where one is read.
    var isBeforeHeader = false

    /// What two routes have in common that dial the same in the same way, wherever that is described.
    var upstream: Upstream? { dial?.upstream }
}

/// An upstream as one route dials it.
struct DraftDial {
    /// Has no name yet. Endpoints have ports, or the client's is dialled.
    var upstream: Upstream
    /// What the source calls it.
    var name: String?
    /// Where it is described.
    var position: SourcePosition

    init(_ endpoints: [Endpoint], name: String? = nil, position: SourcePosition) {
        upstream = Upstream(name: "", endpoints: endpoints)
        self.name = name
        self.position = position
    }
}
