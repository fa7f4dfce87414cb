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
        let usual = ports.filter { ListenerProtocol(wellKnownPort: $0.port) == $0.proto }.map(\.port)
        let steps = [
            TrustGuide.Step(
                "/etc/dovecot/conf.d/99-tailwart.conf: listeners for the edge. A client that is not in haproxy_trusted_networks "
                    + "and connects to one of them is turned away.", settings(ports, edges: edges)),
            TrustGuide.Step("Then:", "doveconf -n >/dev/null && systemctl restart dovecot"),
            TrustGuide.Step(
                "/etc/fail2ban/jail.local, if fail2ban watches Dovecot with mode = aggressive: the edge's probes end without a login, "
                    + "five in ten minutes ban it, and all clients with it. Then `fail2ban-client reload`.",
                "[dovecot]\nignoreip = 127.0.0.1/8 ::1 " + edges.map(\.description).joined(separator: " ")),
        ]
        let warnings =
            usual.isEmpty
            ? []
            : [
                "the edge dials \(usual.map(String.init).joined(separator: ", ")) itself, where Dovecot listens already: give the "
                    + "edge a port of its own, `ports: {\(usual.map { "\($0): \(10_000 + Int($0))" }.joined(separator: ", "))}` in "
                    + "tailwart.yaml, or set `haproxy = yes` in the listener that is there and keep everybody else from it."
            ]
        return (steps, warnings + TrustText.headless(all, served))
    }
}
