/// What to match, and where to go.
package struct Route: Sendable, Equatable {
    package enum Target: Sendable, Equatable {
        case close
        /// The name of an upstream, and a port that replaces the one that the client came to.
        case upstream(String, port: UInt16?)

        /// Nil for a route that closes.
        package var upstreamName: String? {
            if case .upstream(let name, _) = self { name } else { nil }
        }
    }

    /// Nil matches everything.
    package var match: RouteMatch?
    package var target: Target
    /// Nil: the endpoint's, else the upstream's.
    package var proxyProtocol: ProxyProtocolOut?

    package init(match: RouteMatch? = nil, to target: Target, proxyProtocol: ProxyProtocolOut? = nil) {
        self.match = match
        self.target = target
        self.proxyProtocol = proxyProtocol
    }

    /// Whether a client that asks for this name may be the route's, where all other conditions are met.
    ///
    /// - Parameter serverName: in lower case, without a trailing dot.
    package func mayTake(_ serverName: String) -> Bool {
        guard let names = match?.serverNames, !names.isEmpty else { return true }
        return names.contains { $0.covers(serverName) }
    }

    /// Whether the hello must be read to match the route, or to write the header that it names itself.
    package var needsHello: Bool {
        match?.needsHello ?? false || !(proxyProtocol?.tlvs.isDisjoint(with: [.authority, .alpn]) ?? true)
    }
}

/// Conditions: keys are ANDed, the members of a list ORed; an empty list is no condition.
package struct RouteMatch: Sendable, Equatable {
    package var serverNames: [ServerNamePattern]
    /// ALPN protocol names (RFC 7301), compared byte for byte.
    package var alpn: [String]
    package var clients: [Network]
    /// At most one; an array because a value cannot hold itself.
    package var not: [RouteMatch]

    package init(
        serverNames: [ServerNamePattern] = [], alpn: [String] = [], clients: [Network] = [], not: [RouteMatch] = []
    ) {
        self.serverNames = serverNames
        self.alpn = alpn
        self.clients = clients
        self.not = not
    }

    /// Whether the answer depends on the ClientHello.
    package var needsHello: Bool {
        !serverNames.isEmpty || !alpn.isEmpty || not.contains(where: \.needsHello)
    }
}
