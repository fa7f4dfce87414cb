import TailwartSystem
package import TailwartWire

/// Which name servers are asked.
package struct NameServers: Sendable {
    /// tailscaled's own; nil is never asked.
    package var magicDNS: InternetAddress?
    /// The system's, asked for anew with each question, and while one is open: tailscaled and DHCP clients rewrite the file.
    package var system: @Sendable () -> ResolvConf
    /// Whether this host has an address in a tailnet, looked at whenever names are asked for.
    package var isInTailnet: @Sendable () -> Bool

    package init(
        magicDNS: InternetAddress? = InternetAddress(.v4(0x6464_6464), port: 53),
        system: @escaping @Sendable () -> ResolvConf = ResolvConf.current,
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

    /// Whom to ask now.
    func servers(of source: NameSource) -> ResolvConf {
        guard source == .magicDNS, let magicDNS else { return system() }
        return ResolvConf([magicDNS])
    }
}
