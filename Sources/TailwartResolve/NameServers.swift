import TailwartSystem
import TailwartWire

/// Which name servers are asked.
package struct NameServers: Sendable {
    /// tailscaled's own: `address:port`; nil is never asked.
    package var magicDNS: String?
    /// `address:port`, separated by commas; nil for those of `/etc/resolv.conf`.
    package var system: String?
    /// Whether this host has an address in a tailnet, looked at whenever names are asked for.
    package var isInTailnet: @Sendable () -> Bool

    package init(
        magicDNS: String? = "100.100.100.100:53", system: String? = nil,
        isInTailnet: @escaping @Sendable () -> Bool = NameServers.hasTailnetAddress
    ) {
        self.magicDNS = magicDNS
        self.system = system
        self.isInTailnet = isInTailnet
    }

    /// Whether any interface has an address in 100.64.0.0/10, which tailnets use (and some providers, RFC 6598): without one no packet
    /// finds 100.100.100.100, as in userspace mode.
    @Sendable package static func hasTailnetAddress() -> Bool {
        InterfaceAddresses.all().contains { $0.isV4 && $0.isOfTailnet }
    }

    func address(of source: NameSource) -> String? {
        switch source {
        case .tailscale: nil
        case .magicDNS: magicDNS
        case .system: system
        }
    }
}
