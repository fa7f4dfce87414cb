package import TailwartCore
package import TailwartWire

/// A listener whose routes name their upstreams.
package struct ListenerConfiguration: Sendable, Equatable {
    package var name: String
    /// Never empty.
    package var bind: [BindAddress]
    package var proto: ListenerProtocol
    /// In the order in which they are tried; never empty.
    package var routes: [RouteConfiguration]
    package var timeouts: Timeouts
    package var proxyProtocolIn: ProxyProtocolIn?
    /// Nil: only the edge's own limit holds.
    package var maxConnections: Int?
    package var refusal: RefusalConfiguration

    package init(
        name: String, bind: [BindAddress], proto: ListenerProtocol, routes: [RouteConfiguration],
        timeouts: Timeouts? = nil, proxyProtocolIn: ProxyProtocolIn? = nil, maxConnections: Int? = nil,
        refusal: RefusalConfiguration = .init()
    ) {
        self.name = name
        self.bind = bind
        self.proto = proto
        self.routes = routes
        self.timeouts = timeouts ?? Timeouts(for: proto)
        self.proxyProtocolIn = proxyProtocolIn
        self.maxConnections = maxConnections
        self.refusal = refusal
    }
}
