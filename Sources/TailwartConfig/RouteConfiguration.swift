package import TailwartCore

/// What to match, and the name of where to go.
package struct RouteConfiguration: Sendable, Equatable {
    package enum Target: Sendable, Equatable {
        case close
        /// A port replaces the listener's.
        case upstream(String, port: UInt16?)
    }

    /// Nil matches everything.
    package var match: RouteMatch?
    package var target: Target
    /// Nil: the upstream's.
    package var proxyProtocol: ProxyProtocolOut?

    package init(match: RouteMatch? = nil, to target: Target, proxyProtocol: ProxyProtocolOut? = nil) {
        self.match = match
        self.target = target
        self.proxyProtocol = proxyProtocol
    }
}
