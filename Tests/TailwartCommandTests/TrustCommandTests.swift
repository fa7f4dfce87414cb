import TailwartTesting
import Testing

extension CommandTests {
    @Suite struct Trust {
        private func trust(_ options: [String], under wrapper: [String] = []) async throws -> Answer {
            var answer: Answer?
            try await TestHost.run { host in
                try host.folder.file("tailwart.yaml").write(
                    "mailbox: {address: 192.168.1.20, ports: {25: 10025, 993: 10993}}\n")
                answer = try await Answer.tailwart(["trust"] + options, on: host, under: wrapper)
            }
            return try #require(answer)
        }

        @Test func `one server's settings are printed with the addresses that are named`() async throws {
            let answer = try await trust(
                ["dovecot", "--edge-address", "100.64.0.5", "--edge-address", "fd7a:115c:a1e0::5"])
            #expect(answer.exitCode == 0, "\(answer.errors)")
            #expect(answer.output.contains("\nhaproxy_trusted_networks = 100.64.0.5 fd7a:115c:a1e0::5\n"))
            #expect(answer.output.contains("    port = 10993\n"))
            #expect(!answer.output.contains("Postfix"))
        }

        @Test(arguments: [[], ["all"]])
        func `all servers are told of where none is chosen`(choice: [String]) async throws {
            let answer = try await trust(choice + ["--edge-address", "100.64.0.5"])
            let titles = answer.outputLines.filter { $0.firstMatch(of: #/^# [A-Za-z]+( 0\.16)?$/#) != nil }
            #expect(
                titles == [
                    "# Stalwart 0.16", "# Postfix", "# Dovecot", "# Exim", "# OpenSMTPD", "# chasquid", "# nginx",
                ])
        }

        @Test(arguments: [
            ["sendmail"], ["--edge-address", "0.0.0.0"], ["--edge-address", "edge.example.net"],
            ["--edge-address", "203.0.113.0/24"],
        ])
        func `wrong use is told apart`(options: [String]) async throws {
            let answer = try await trust(options)
            #expect(answer.exitCode == 2)
            #expect(answer.output.isEmpty)
            #expect(answer.errors.contains("--help"))
        }

        /// In a network of its own, whose loopback is the only interface.
        private static let alone = ["unshare", "--map-root-user", "--net", "sh", "-c"]

        @Test func `this host's tailnet addresses are found, and no others`() async throws {
            let commands = """
                ip link set lo up && ip address add 192.0.2.9/24 dev lo && ip address add 100.100.1.2/32 dev lo \
                && ip -6 address add fd7a:115c:a1e0::77/128 dev lo && exec "$0" "$@"
                """
            let answer = try await trust(["dovecot"], under: Self.alone + [commands])
            #expect(answer.exitCode == 0, "\(answer.errors)")
            #expect(answer.output.contains("\nhaproxy_trusted_networks = 100.100.1.2 fd7a:115c:a1e0::77\n"))
        }

        @Test func `in user space only tailscaled knows this host's addresses, and it is asked`() async throws {
            let tailscaled = try FakeTailscaled()
            defer { tailscaled.close() }
            tailscaled.update { $0.usesTUN = false }
            try await TestHost.run { host in
                try host.folder.file("tailwart.yaml").write(
                    """
                    tailscale: {socket: \(tailscaled.path)}
                    mailbox: {address: stalwart, via: tailscale, ports: [993]}
                    """)
                let answer = try await Answer.tailwart(
                    ["trust", "dovecot"], on: host, under: Self.alone + ["exec \"$0\" \"$@\""])
                #expect(answer.exitCode == 0, "\(answer.errors)")
                #expect(
                    answer.output.contains("\nhaproxy_trusted_networks = 100.64.0.2 fd7a:115c:a1e0::2\n"),
                    "\(answer.output)")
            }
        }

        @Test func `without a tailnet the routing table knows from where the edge dials`() async throws {
            let commands = """
                ip link set lo up && ip link add lan type veth peer name far && ip link set lan up && ip address add 192.168.1.2/24 dev lan \
                && exec "$0" "$@"
                """
            let answer = try await trust(["dovecot"], under: Self.alone + [commands])
            #expect(answer.exitCode == 0, "\(answer.errors)")
            #expect(answer.output.contains("\nhaproxy_trusted_networks = 192.168.1.2\n"), "\(answer.output)")
        }

        @Test func `a name that cannot be resolved is said`() async throws {
            try await TestHost.run { host in
                try host.folder.file("tailwart.yaml").write("mailbox: {address: mail.invalid}\n")
                let answer = try await Answer.tailwart(
                    ["trust", "dovecot"], on: host, under: Self.alone + ["exec \"$0\" \"$@\""])
                #expect(
                    answer.exitCode == 3 && answer.errors.contains("mail.invalid cannot be resolved on this host"),
                    "\(answer)")
            }
        }

        @Test func `a host without a way to the mailbox is told what to do`() async throws {
            let answer = try await trust(["dovecot"], under: Self.alone + ["exec \"$0\" \"$@\""])
            #expect(answer.exitCode == 3)
            #expect(answer.output.isEmpty)
            #expect(
                answer.errors.contains("no route to the mailbox, and no tailnet address")
                    && answer.errors.contains("--edge-address"))
        }
    }
}
