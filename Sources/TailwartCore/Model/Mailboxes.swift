import TailwartWire

/// Which upstreams are mail servers, and which names lead to one on 443.
extension Configuration {
    /// The names of the upstreams that a listener for mail leads to, and of others on the same hosts, as one for 443 may be.
    package var mailboxes: Set<String> {
        upstreams(
            besides: Set(
                listeners.filter { $0.proto != .https && $0.proto != .tcp }.flatMap(\.routes)
                    .compactMap(\.target.upstreamName)))
    }

    /// The names of these upstreams, and of others on the same hosts. Loopback is no host in this sense: what is there besides a mail server, such
    /// as a web server, is another one.
    package func upstreams(besides names: Set<String>) -> Set<String> {
        let hosts = Set(upstreams.filter { names.contains($0.name) }.flatMap(\.endpoints).map(\.host))
        let siblings = upstreams.filter { upstream in
            upstream.endpoints.contains { hosts.contains($0.host) && !$0.host.isLoopback }
        }
        return names.union(siblings.map(\.name))
    }
}

extension Listener {
    /// Whose a client is that asks for this name, where all other conditions are met; nil for nobody's.
    ///
    /// - Parameter serverName: in lower case, without a trailing dot.
    package func route(for serverName: String) -> Route? { routes.first { $0.mayTake(serverName) } }
}

extension Route {
    /// Whether it goes to one of these upstreams.
    package func leads(to upstreams: Set<String>) -> Bool { target.upstreamName.map(upstreams.contains) ?? false }
}

extension Endpoint.Host {
    fileprivate var isLoopback: Bool {
        if case .address(let address) = self { address.isLoopback } else { self == .name("localhost") }
    }
}
