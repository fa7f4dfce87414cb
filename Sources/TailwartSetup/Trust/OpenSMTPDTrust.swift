import TailwartCore
import TailwartWire

/// OpenSMTPD: `proxy-v2` of smtpd.conf(5).
enum OpenSMTPDTrust {
    static func guide(_ all: [DialledPort], _ edges: [IPAddress]) -> (steps: [TrustGuide.Step], warnings: [String]) {
        let ports = TrustText.headed(all, [.smtp, .submission, .submissions])
        guard !ports.isEmpty else { return TrustText.nothing(.opensmtpd, "25, 465, 587") }
        let steps = [
            TrustGuide.Step(
                "/etc/smtpd.conf: a listener for each port that the edge dials. Replace 0.0.0.0 by the mailbox's address on the private "
                    + "network if it has a fixed one, and mail by the name of your pki entry:", listeners(ports)),
            TrustText.firewall(ports.map(\.port), edges),
            TrustGuide.Step("Then:", "smtpd -n && systemctl restart opensmtpd"),
        ]
        let old = ports.filter { $0.header == .v1 }.map { String($0.port) }
        let warnings =
            old.isEmpty
            ? []
            : [
                "OpenSMTPD reads version 2 of the header only, and the edge sends version 1 to \(old.joined(separator: ", ")). Set "
                    + "`proxy_protocol: v2` in tailwart.yaml."
            ]
        return (steps, warnings + TrustText.headless(all, [.smtp, .submission, .submissions]))
    }

    static func listeners(_ ports: [DialledPort]) -> String {
        ports.map { port in
            let security =
                switch port.proto {
                case .submissions: "smtps pki mail auth"
                case .submission: "tls-require pki mail auth"
                default: "tls pki mail"
                }
            return "listen on 0.0.0.0 port \(port.port) \(security) proxy-v2"
        }.joined(separator: "\n")
    }
}
