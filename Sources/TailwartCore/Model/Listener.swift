package import TailwartWire

/// Public addresses with a protocol and an ordered list of routes.
package struct Listener: Sendable, Equatable {
    package var name: String
    /// Never empty.
    package var bind: [BindAddress]
    package var proto: ListenerProtocol
    /// In the order in which they are tried; never empty.
    package var routes: [Route]
    package var timeouts: Timeouts
    package var proxyProtocolIn: ProxyProtocolIn?
    /// Nil: only the edge's own limit holds.
    package var maxConnections: Int?
    /// Of each client network. Nil: the defaults of the protocol, for clients with a public address.
    package var limits: ListenerLimits?
    package var refusal: Refusal

    package init(
        name: String, bind: [BindAddress], proto: ListenerProtocol, routes: [Route], timeouts: Timeouts? = nil,
        proxyProtocolIn: ProxyProtocolIn? = nil, maxConnections: Int? = nil, limits: ListenerLimits? = nil,
        refusal: Refusal = Refusal()
    ) {
        self.name = name
        self.bind = bind
        self.proto = proto
        self.routes = routes
        self.timeouts = timeouts ?? Timeouts(for: proto)
        self.proxyProtocolIn = proxyProtocolIn
        self.maxConnections = maxConnections
        self.limits = limits
        self.refusal = refusal
    }
}

extension Listener {
    /// The ports that its clients come to, each once; nil for those who come to a Unix socket.
    package var clientPorts: [UInt16?] { bind.map(\.port).withoutRepeats }
}
