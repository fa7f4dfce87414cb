package import TailwartCore
import TailwartSystem
package import TailwartWire

/// The edge in front of the sandbox: which listeners `tailwart try` opens, and what it tells about them.
package struct SandboxEdge: Sendable {
    package let ports: EdgePorts
    /// The self-test leaves it to the other two SMTP ports.
    private let submission: UInt16

    /// What stands for the well-known ports, on loopback only.
    private enum Door: String, CaseIterable {
        case smtp
        case submission
        case submissions
        case imaps
        case https
        case echo

        var preferredPort: UInt16 {
            switch self {
            case .smtp: 2525
            case .submission: 2587
            case .submissions: 2465
            case .imaps: 2993
            case .https: 2443
            case .echo: 2007
            }
        }

        var proto: ListenerProtocol { ListenerProtocol(rawValue: rawValue) ?? .tcp }
    }

    /// - Parameter addresses: where each listener of ``configuration(_:)`` really listens, by its name.
    /// - Returns: nil if one of them does not.
    package init?(addresses: (String) -> [InternetAddress]) {
        func port(_ door: Door, v4: Bool = true) -> UInt16? {
            addresses(door.rawValue).first { $0.ip.isV4 == v4 }?.port
        }
        guard let smtp = port(.smtp), let submission = port(.submission), let submissions = port(.submissions),
            let imaps = port(.imaps), let https = port(.https), let echo = port(.echo)
        else { return nil }
        self.submission = submission
        ports = EdgePorts(
            smtp: smtp, submissions: submissions, imaps: imaps, https: https, echo: echo,
            smtpV6: port(.smtp, v4: false))
    }

    /// For a person: what is running, and what to try in another terminal.
    package func introduction(hasColours: Bool) -> String {
        func strong(_ text: String) -> String { hasColours ? TerminalColour.bold.paint(text) : text }
        func command(_ text: String) -> String { hasColours ? TerminalColour.cyan.paint(text) : text }
        return """
            \(strong("An edge and a sandbox mailbox are running on this machine."))

              internet          edge (Tailwart)                 mailbox (sandbox)
              you  ──────▶  127.0.0.1:\(ports.smtp)  smtp        ──PROXY v2──▶  SMTP, STARTTLS
              you  ──────▶  127.0.0.1:\(submission)  submission  ──PROXY v2──▶  SMTP, STARTTLS
              you  ──────▶  127.0.0.1:\(ports.submissions)  submissions ──PROXY v2──▶  SMTP over TLS
              you  ──────▶  127.0.0.1:\(ports.imaps)  imaps       ──PROXY v2──▶  IMAP over TLS
              you  ──────▶  127.0.0.1:\(ports.https)  https       ──by name───▶  mailbox or web server

            \(strong("Send a mail from another terminal")), as 127.0.0.5; the mailbox greets you with the address that the PROXY header tells it:

              \(command("echo Hello | curl -kv --ssl-reqd --interface 127.0.0.5 smtp://127.0.0.1:\(ports.smtp) --mail-from you@example.com --mail-rcpt me@example.org -T -"))
                or: \(command("swaks --server 127.0.0.1:\(ports.smtp) --local-interface 127.0.0.5 --tls --from you@example.com --to me@example.org"))
                or by hand: \(command("openssl s_client -crlf -quiet -starttls smtp -connect 127.0.0.1:\(ports.smtp) -bind 127.0.0.5"))   and then: EHLO me

            \(strong("Read it")), and see what 443 answers by name:

              \(command("curl -sk --user me:any \"imaps://127.0.0.1:\(ports.imaps)/INBOX;MAILINDEX=1\""))
              \(command("curl -sk --resolve mta-sts.example.org:\(ports.https):127.0.0.1 https://mta-sts.example.org:\(ports.https)/.well-known/mta-sts.txt"))
                and: \(command("curl -sk --resolve www.example.org:\(ports.https):127.0.0.1 https://www.example.org:\(ports.https)/"))

            Every connection is logged as one line when it ends. Ctrl-C stops.

            """
    }

    /// The mail ports with a PROXY header, 443 by name, on loopback only.
    package static func configuration(_ sandbox: SandboxPorts) -> Configuration {
        func upstream(_ name: String, _ port: UInt16, _ header: ProxyProtocolOut.Version) -> Upstream {
            Upstream(
                name: name, endpoints: [Endpoint(.address(.loopbackV4), port: port)],
                proxyProtocol: ProxyProtocolOut(header), health: nil)
        }
        let mailNames = ["mta-sts", "autoconfig", "autodiscover", "ua-auto-config"].compactMap {
            ServerNamePattern("\($0).example.org")
        }
        let listeners = Door.allCases.map { door in
            let routes =
                door == .https
                ? [
                    Route(
                        match: RouteMatch(serverNames: mailNames), to: .upstream("https", port: nil)),
                    Route(to: .upstream("web", port: nil)),
                ] : [Route(to: .upstream(door.rawValue, port: nil))]
            return Listener(
                name: door.rawValue, bind: binds(door), proto: door.proto, routes: routes)
        }
        return Configuration(
            workers: 2,
            upstreams: [
                upstream("smtp", sandbox.smtp, .v2), upstream("submission", sandbox.submission, .v2),
                upstream("submissions", sandbox.submissions, .v2), upstream("imaps", sandbox.imaps, .v2),
                upstream("echo", sandbox.echo, .v2), upstream("https", sandbox.https, .none),
                upstream("web", sandbox.web, .none),
            ],
            listeners: listeners)
    }

    /// 127.0.0.1 and, on a host that has it, ::1; another port where the preferred one is taken.
    private static func binds(_ door: Door) -> [BindAddress] {
        [IPAddress.loopbackV4, .loopbackV6].compactMap { ip in
            for port in [door.preferredPort, 0] {
                let address = InternetAddress(ip, port: port)
                do throws(SystemError) {
                    var probe = try ListeningSocket(address)
                    probe.close()
                    return .internet(address)
                } catch {
                    continue
                }
            }
            return nil
        }
    }
}
