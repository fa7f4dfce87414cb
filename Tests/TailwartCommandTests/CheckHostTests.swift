import Foundation
import Glibc
import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

extension CommandTests {
    /// `check --host`, with rules of the firewall in namespaces of the test's own.
    @Suite struct CheckHost {
        private struct Finding: Decodable {
            let check: String
            let subject: String
            let result: String
            let detail: String
            let fix: String?
        }

        private struct JSONAnswer: Decodable {
            let file: String
            let valid: Bool
            let findings: [Finding]
        }

        private static func findings(_ answer: Answer) throws -> [Finding] {
            try JSONDecoder().decode(JSONAnswer.self, from: Data(answer.output.utf8)).findings
        }

        @Test func `at a terminal it says that it is at work, and to a script nothing`() async throws {
            try await TestHost.run { host in
                try host.folder.file("tailwart.yaml").write(
                    """
                    tailscale: off
                    upstreams: {mailbox: {endpoints: ["127.0.0.1:2"], health: {timeout: 1s}}}
                    listeners: [{name: smtp, bind: ["127.0.0.1:\(try FreePort.take())"], protocol: smtp, to: mailbox}]

                    """)
                // `script` gives it a terminal.
                let process = try host.start(
                    "script", try Program("script", package: "bsdutils"),
                    [
                        "--quiet", "--return", "--command",
                        "'\(try Program.edge().path)' check --host --config '\(host.folder.path)/tailwart.yaml'",
                        "/dev/null",
                    ])
                #expect(try await process.exitCode(within: .seconds(60)) == 1)
                #expect(
                    process.output.text.hasPrefix("Looking at this host and asking the mailbox"),
                    "\(process.output.text)")
                let answer = try await Answer.tailwart(["check", "--host"], on: host)
                #expect(answer.exitCode == 1 && answer.errors.isEmpty, "\(answer)")
            }
        }

        /// A command that runs the rest in a new network namespace, with an address that the internet would reach and these rules.
        private static func namespace(_ commands: String, on host: TestHost) throws -> [String] {
            guard geteuid() == 0 else {
                throw TestFailure("network namespaces must be made by root; run: sudo make test")
            }
            let script = host.folder.file("namespace.sh")
            try script.write(
                """
                set -e
                ip link set lo up
                ip link add public0 type veth peer name public1
                ip address add 9.9.9.1/24 dev public0
                ip link set public0 up
                ip link set public1 up
                ip route add default via 9.9.9.254
                \(commands)
                exec "$@"

                """)
            return [
                try Program("unshare", package: "util-linux").path, "--net", "--mount",
                try Program("sh", package: "dash").path, script.path,
            ]
        }

        private static let configuration = """
            tailscale: off
            upstreams: {mailbox: {endpoints: ["127.0.0.1:2"], health: {timeout: 1s}}}
            listeners:
              - {name: smtp, bind: [":25"], to: mailbox}
              - {name: imaps, bind: [":993"], to: mailbox}

            """

        private static func firewall(_ commands: String) async throws -> [Finding] {
            var found: [Finding] = []
            try await TestHost.run { host in
                try host.folder.file("tailwart.yaml").write(configuration)
                let answer = try await Answer.tailwart(
                    ["check", "--host", "--json"], on: host, under: try namespace(commands, on: host))
                // Nothing listens at the mailbox's place.
                #expect(answer.exitCode == 1, "\(answer.errors)")
                found = try findings(answer)
            }
            #expect(found.filter { $0.check == "cloud" }.map(\.result) == ["unknown"])
            #expect(found.filter { $0.check == "port" }.map(\.result) == ["pass", "pass"])
            #expect(found.first { $0.check == "address" }?.detail == "This host is 9.9.9.1.")
            return found.filter { $0.check == "firewall" }
        }

        @Test func `without rules the ports are open`() async throws {
            let findings = try await Self.firewall("")
            #expect(findings.map(\.subject) == ["25, 993"] && findings.map(\.result) == ["pass"])
        }

        @Test func `rules of nft are read, and the command that opens the port does open it`() async throws {
            let rules = """
                nft -f - <<'END'
                table inet filter {
                  chain input {
                    type filter hook input priority filter; policy drop
                    iif lo accept
                    ct state established,related accept
                    tcp dport { 22, 25 } accept
                  }
                }
                END
                """
            let findings = try await Self.firewall(rules)
            #expect(findings.map(\.subject) == ["25", "993"] && findings.map(\.result) == ["pass", "fail"])
            let fix = try #require(findings.last?.fix)
            #expect(fix.hasPrefix("sudo nft insert rule inet filter input tcp dport 993 accept; "))
            let command = fix.dropFirst("sudo ".count).prefix { $0 != ";" }
            let mended = try await Self.firewall(rules + "\n\(command)")
            #expect(mended.map(\.result) == ["pass"])
        }

        @Test func `rules of iptables are read, and the command that opens the port does open it`() async throws {
            let rules = """
                iptables -P INPUT DROP
                iptables -A INPUT -i lo -j ACCEPT
                iptables -A INPUT -p tcp -m multiport --dports 22,25 -j ACCEPT
                """
            let findings = try await Self.firewall(rules)
            #expect(findings.map(\.subject) == ["25", "993"] && findings.map(\.result) == ["pass", "fail"])
            let fix = try #require(findings.last?.fix)
            #expect(fix.hasPrefix("sudo iptables -I INPUT -p tcp -m multiport --dports 993 -j ACCEPT; "))
            let command = fix.dropFirst("sudo ".count).prefix { $0 != ";" }
            let mended = try await Self.firewall(rules + "\n\(command)")
            #expect(mended.map(\.result) == ["pass"])
        }

        @Test func `a port that is redirected by a former edge is found`() async throws {
            let findings = try await Self.firewall(
                "nft add table ip old\n"
                    + "nft 'add chain ip old pre { type nat hook prerouting priority dstnat; }'\n"
                    + "nft add rule ip old pre tcp dport 25 dnat to 10.0.0.1")
            #expect(findings.map(\.result) == ["fail", "pass"])
            #expect(findings[0].detail.contains("are redirected before") && findings[0].detail.contains("table ip old"))
        }

        @Test func `an IPv6 address of the edge's name that nothing listens on is a warning with the record`()
            async throws
        {
            try await TestHost.run { host in
                let hosts = host.folder.file("hosts")
                try hosts.write("127.0.0.1 localhost\n9.9.9.1 mail.example.org\n2620:fe::25 mail.example.org\n")
                try host.folder.file("tailwart.yaml").write(
                    """
                    tailscale: off
                    upstreams:
                      mailbox: {hostname: mail.example.org, endpoints: ["127.0.0.1:2"], health: {timeout: 1s}}
                    listeners:
                      - {name: smtp, bind: ["0.0.0.0:25"], to: mailbox}
                      - {name: imaps, bind: [":993"], to: mailbox}

                    """)
                let commands = """
                    ip address add 2620:fe::25/64 dev public0 nodad
                    mount --bind \(hosts.path) /etc/hosts
                    """
                let answer = try await Answer.tailwart(
                    ["check", "--host", "--json"], on: host, under: try Self.namespace(commands, on: host))
                let findings = try Self.findings(answer).filter { $0.check == "address" && $0.result == "warn" }
                #expect(findings.map(\.subject) == ["mail.example.org"], "\(answer.output) \(answer.errors)")
                #expect(
                    findings.first?.detail.hasPrefix(
                        "The DNS has the record mail.example.org AAAA 2620:fe::25, and nothing listens there on 25: ")
                        == true)
            }
        }

        @Test func `without the right to read it the firewall is unknown, and low ports are not permitted`()
            async throws
        {
            try await TestHost.run { host in
                try host.folder.file("tailwart.yaml").write(Self.configuration)
                let setpriv = try Program("setpriv", package: "util-linux").path
                let wrapper =
                    try Self.namespace("sysctl -qw net.ipv4.ip_unprivileged_port_start=1024", on: host)
                    + [setpriv, "--bounding-set=-net_admin,-net_bind_service"]
                let answer = try await Answer.tailwart(["check", "--host", "--json"], on: host, under: wrapper)
                let findings = try Self.findings(answer)
                #expect(findings.filter { $0.check == "firewall" }.map(\.result) == ["unknown"])
                let ports = findings.filter { $0.check == "port" }
                #expect(ports.map(\.result) == ["fail", "fail"])
                #expect(ports[0].fix?.contains("setcap cap_net_bind_service=+ep") == true)
            }
        }

        @Test func `a port that somebody has is named, and the running edge is no fault`() async throws {
            try await TestHost.run { host in
                try await FakeStalwart.with(.trusting()) { mailbox in
                    let port = try FreePort.take()
                    let socket = host.folder.file("edge.sock")
                    let text = """
                        tailscale: off
                        upstreams: {mailbox: {endpoints: ["\(mailbox.address(.smtp))"], proxy_protocol: v2}}
                        listeners:
                          - {name: smtp, bind: ["127.0.0.1:\(port)", "unix:\(socket.path)"], protocol: smtp, to: mailbox}
                        """
                    let edge = try await EdgeProcess(on: host, ports: [port], text)
                    let answer = try await Answer.tailwart(["check", "--host"], on: host)
                    #expect(answer.exitCode == 0, "\(answer.output)")
                    let lines = answer.outputLines.filter { $0.contains("The edge that runs") }
                    #expect(lines.count == 1)
                    let line = try #require(lines.first)
                    #expect(line.hasPrefix("pass ") && line.contains("tailwart (process \(edge.process.id))"))
                    #expect(line.contains(":\(port) (smtp)") && line.contains("unix:\(socket.path) (smtp)"))
                    let taken = try TestListener()
                    try host.folder.file("tailwart.yaml").write(
                        text.replacing("127.0.0.1:\(port)", with: "\(try taken.address)"))
                    let other = try await Answer.tailwart(["check", "--host"], on: host)
                    #expect(other.exitCode == 1)
                    #expect(other.output.contains("fail "))
                    #expect(other.output.contains("(process \(getpid()))"), "\(other.output)")
                    // Clients of the mailbox's certificate are warned; who has the port stands in the way of all.
                    let head = other.outputLines.prefix(2)
                    #expect(head.first?.hasPrefix("port \(try taken.address) (smtp): ") == true, "\(head)")
                    #expect(head.last?.hasPrefix("next: ") == true, "\(head)")
                    #expect(answer.outputLines.first?.hasPrefix("upstream mailbox ") == true, "\(answer.output)")
                }
            }
        }

        @Test func `a bad file is all that is said`() async throws {
            try await TestHost.run { host in
                try host.folder.file("tailwart.yaml").write("mailbox: {adress: a}\n")
                let plain = try await Answer.tailwart(["check"], on: host)
                let answer = try await Answer.tailwart(["check", "--host"], on: host)
                #expect(answer.exitCode == 1 && answer.output == plain.output)
                let missing = try await Answer.tailwart(["check", "--host", "--config", "none.yaml"], on: host)
                #expect(missing.exitCode == 3)
                let tag = try await Answer.tailwart(["check", "--host", "--edge-tag", "edge"], on: host)
                #expect(tag.exitCode == 2)
            }
        }

        @Test func `the page has a row for each check and each step`() throws {
            let page = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
                .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs/preflight.md")
            let text = try String(contentsOf: page, encoding: .utf8)
            for step in ["join", "policy", "mailbox", "trust", "ports", "edge", "certificate", "rest"] {
                #expect(text.contains("\n| `\(step)` |"), "\(step)")
            }
            for check in [
                "port", "firewall", "cloud", "address", "tailnet", "peer", "name", "upstream", "descriptors",
                "local_ports", "clock",
            ] {
                #expect(text.contains("\n| `\(check)` |"), "\(check)")
            }
        }
    }
}
