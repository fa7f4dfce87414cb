import TailwartCore
package import TailwartWire

/// Dovecot 2.3 and 2.4: `haproxy` of an `inet_listener`, `haproxy_trusted_networks`.
package enum DovecotTrust {
    /// A file of settings: whom to believe, and a listener for each port.
    package static func settings(_ ports: [DialledPort], edges: [IPAddress]) -> String {
        let trusted = edges.map(\.description).joined(separator: " ")
        let services = ports.compactMap { port -> String? in
            guard let service = service(port.proto) else { return nil }
            let isEncrypted = port.proto.firstSpeaker == .client
            let lines =
                ["  inet_listener \(port.proto.rawValue)_edge {", "    port = \(port.port)"]
                + (isEncrypted ? ["    ssl = yes"] : []) + ["    haproxy = yes", "  }"]
            return (["service \(service) {"] + lines + ["}"]).joined(separator: "\n")
        }
        return (["haproxy_trusted_networks = \(trusted)"] + services).joined(separator: "\n")
    }

    private static func service(_ proto: ListenerProtocol) -> String? {
        switch proto {
        case .imap, .imaps: "imap-login"
        case .pop3, .pop3s: "pop3-login"
        case .sieve: "managesieve-login"
        default: nil
        }
    }

    static func guide(_ all: [DialledPort], _ edges: [IPAddress]) -> (steps: [TrustGuide.Step], warnings: [String]) {
        let served: Set<ListenerProtocol> = [.imap, .imaps, .pop3, .pop3s, .sieve]
        let ports = TrustText.headed(all, served)
        guard !ports.isEmpty else { return TrustText.nothing(.dovecot, "143, 993, 110, 995, 4190") }
        let steps = [
            TrustGuide.Step(
                "/etc/dovecot/conf.d/99-tailwart.conf: listeners for the edge. They turn away clients that are not in "
                    + "haproxy_trusted_networks.", settings(ports, edges: edges)),
            TrustGuide.Step("Then:", "doveconf -n >/dev/null && systemctl restart dovecot"),
            TrustGuide.Step(
                "Only if fail2ban watches Dovecot with mode = aggressive: in /etc/fail2ban/jail.local, exempt the edge, then run "
                    + "`fail2ban-client reload`. The edge's probes end without a login; after five in ten minutes fail2ban would ban the "
                    + "edge, and with it all clients.",
                "[dovecot]\nignoreip = 127.0.0.1/8 ::1 " + edges.map(\.description).joined(separator: " ")),
        ]
        let warnings = TrustText.usual(
            .dovecot, ports, of: all,
            else:
                "Or set `haproxy = yes` in the listeners that are there; then nobody else can use these ports, such as hosts of the LAN."
        )
        return (steps, warnings + TrustText.headless(all, served))
    }
}
