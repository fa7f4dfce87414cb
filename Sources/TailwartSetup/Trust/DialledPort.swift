package import TailwartConfig
package import TailwartCore
import TailwartWire

/// A port of the mailbox as the edge dials it.
package struct DialledPort: Sendable, Hashable {
    package let proto: ListenerProtocol
    package let port: UInt16
    package let header: ProxyProtocolOut.Version

    package init(_ proto: ListenerProtocol, port: UInt16, header: ProxyProtocolOut.Version = .v2) {
        self.proto = proto
        self.port = port
        self.header = header
    }

    /// Every port that a configuration dials, by number.
    ///
    /// - Parameter isMailbox: of web servers on 443 if false.
    package static func all(in configuration: Configuration, ofMailbox isMailbox: Bool = true) -> [DialledPort] {
        let facade = EdgeFacade(configuration)
        let upstreams = Dictionary(configuration.upstreams.map { ($0.name, $0) }) { first, _ in first }
        return configuration.listeners.flatMap { listener in
            listener.routes.flatMap { route -> [DialledPort] in
                guard case .upstream(let name, let routePort) = route.target, let upstream = upstreams[name],
                    facade.isMailbox(name) == isMailbox
                else { return [] }
                let header = (route.proxyProtocol ?? upstream.proxyProtocol).version
                return upstream.endpoints.flatMap { endpoint -> [DialledPort] in
                    if case .unix = endpoint.host { return [] }
                    // The order in which the engine takes a port.
                    let ports = (routePort ?? endpoint.port).map { [$0] } ?? listener.bind.compactMap(\.port)
                    return ports.map { DialledPort(listener.proto, port: $0, header: header) }
                }
            }
        }.withoutRepeats.sorted { ($0.port, $0.proto.rawValue) < ($1.port, $1.proto.rawValue) }
    }
}
