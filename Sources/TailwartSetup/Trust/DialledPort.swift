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
        return configuration.ways.filter { facade.isMailbox($0.upstream.name) == isMailbox }.compactMap { way in
            way.port.map { DialledPort(way.proto, port: $0, header: way.proxyProtocol.version) }
        }.withoutRepeats.sorted { ($0.port, $0.proto.rawValue) < ($1.port, $1.proto.rawValue) }
    }
}
