import TailwartCore
package import TailwartWire

/// Postfix: `smtpd_upstream_proxy_protocol` of postconf(5), per service of master(5).
package enum PostfixTrust {
    /// Lines of master.cf: a service for each port, which takes nobody who sends no header.
    ///
    /// - Parameter address: to listen on; all of `inet_interfaces` if nil.
    package static func services(_ ports: [DialledPort], on address: IPAddress? = nil) -> String {
        ports.map { port in
            let place = address.map { "\(InternetAddress($0, port: port.port))" } ?? "\(port.port)"
            // service, type, private, unprivileged, chroot, wakeup, maxproc, command
            let lines = ["\(place) inet n - n - - smtpd"] + options(port).map { "  -o \($0)" }
            return lines.joined(separator: "\n")
        }.joined(separator: "\n")
    }

    private static func options(_ port: DialledPort) -> [String] {
        let header = "smtpd_upstream_proxy_protocol=haproxy"
        let login = [
            "smtpd_sasl_auth_enable=yes", "smtpd_relay_restrictions=permit_sasl_authenticated,reject",
        ]
        return switch port.proto {
        case .submissions: ["syslog_name=postfix/edge-submissions", header, "smtpd_tls_wrappermode=yes"] + login
        case .submission: ["syslog_name=postfix/edge-submission", header, "smtpd_tls_security_level=encrypt"] + login
        default: ["syslog_name=postfix/edge", header]
        }
    }

    static func guide(_ all: [DialledPort], _ edges: [IPAddress]) -> (steps: [TrustGuide.Step], warnings: [String]) {
        let ports = TrustText.headed(all, [.smtp, .submission, .submissions])
        guard !ports.isEmpty else { return TrustText.nothing(.postfix, "25, 465, 587") }
        let steps = [
            TrustGuide.Step(
                "/etc/postfix/master.cf: add a service for each port that the edge dials. If your own smtpd services have more -o lines, "
                    + "such as for a milter, add them to these too. postscreen stays where it is.", services(ports)),
            TrustText.firewall(ports.map(\.port), edges),
            TrustGuide.Step(
                "/etc/postfix/main.cf: if the edge's addresses are in mynetworks, remove them. Then:",
                "postfix check && systemctl restart postfix"),
        ]
        let warnings = TrustText.usual(
            .postfix, ports, of: all,
            else:
                "Or replace the services that are there by those below; then nobody else can use these ports, such as hosts of the LAN."
        )
        return (steps, warnings + TrustText.headless(all, [.smtp, .submission, .submissions]))
    }
}
