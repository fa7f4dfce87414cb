import TailwartCore
import TailwartWire

/// chasquid: `haproxy_incoming`, which reads version 1 only.
enum ChasquidTrust {
    static func guide(_ all: [DialledPort], _ edges: [IPAddress]) -> (steps: [TrustGuide.Step], warnings: [String]) {
        let ports = TrustText.headed(all, [.smtp, .submission, .submissions])
        guard !ports.isEmpty else { return TrustText.nothing(.chasquid, "25, 465, 587") }
        let steps = [
            TrustGuide.Step(
                "/etc/chasquid/chasquid.conf: these lines, in place of the addresses that are there. From then on every SMTP client must send "
                    + "a header, also those of the LAN:", settings(ports)),
            TrustText.firewall(ports.map(\.port), edges),
            TrustGuide.Step("Then:", "systemctl restart chasquid"),
        ]
        let new = ports.filter { $0.header == .v2 }.map { String($0.port) }
        let warnings =
            new.isEmpty
            ? []
            : [
                "chasquid reads version 1 of the header only, and the edge sends version 2 to \(new.joined(separator: ", ")). Set "
                    + "`proxy_protocol: v1` for the mailbox in tailwart.yaml, or for an upstream of its own for these ports."
            ]
        return (steps, warnings + TrustText.headless(all, [.smtp, .submission, .submissions]))
    }

    static func settings(_ ports: [DialledPort]) -> String {
        let addresses = ports.map { port in
            let key =
                switch port.proto {
                case .submission: "submission_address"
                case .submissions: "submission_over_tls_address"
                default: "smtp_address"
                }
            return "\(key): \":\(port.port)\""
        }
        return (["haproxy_incoming: true"] + addresses).joined(separator: "\n")
    }
}
