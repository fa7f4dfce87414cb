import Foundation
import TailwartTesting
import Testing

/// From empty folders to the first mail, as a person does it who follows the quick start: its steps are those that `tailwart init` prints,
/// and after each of them `check --host` names the one that comes next. The fakes are as real ones were seen to be.
extension NetworkTests {
    @Test(arguments: FirstHour.Tailnet.allCases)
    func `the first hour goes as init says it, and check names each next step, until a mail is there`(
        _ tailnet: FirstHour.Tailnet
    ) async throws {
        try await TestNetwork.run { network in
            let hour = try FirstHour(in: network, tailnet)
            defer { hour.tailscaled.close() }
            try await network.closeFirewall()
            let mail = try network.host.folder.makeFolder("mail")
            let distrust = network.host.folder.file("distrust")
            try distrust.write("")
            let authority = try FakeAuthority()
            try hour.authorities.write(authority.pem)
            let certificate = network.host.folder.file("mailbox.pem")
            try certificate.write(FakeCertificate.fallback().serverPEM)
            let services = ["smtp=25", "submissions=465", "imaps=993", "https=443"]
            let mailbox = [
                Script.path("mailbox.py"), "--certificate", certificate.path, "--key", certificate.path, "--mail", mail,
                "--distrusts", distrust.path, "--brand", "Stalwart",
            ]

            hour.begin("The files")
            let written = try await hour.run(
                "tailwart init --domain example.org --hostname mail.example.org --mailbox stalwart --tailnet \(tailnet.name) "
                    + (tailnet == .headscale ? "--headscale alice " : "") + "--no-web --form systemd --into edge")
            #expect(written.contains("At any time `sudo tailwart check --host` says"))
            let steps = written.matches(of: #/(?m)^ ?\d+\. (\w+): /#).map { String($0.output.1) }
            hour.enter("edge")
            try hour.standIn()
            #expect(try await hour.run("tailwart check").contains(": good: "))
            try await hour.next(is: "join", "must know the tag before: `tailwart acl`")

            hour.begin("Policy")
            hour.edit("the tailnet's policy file")
            let policy = try await hour.run("tailwart acl --config tailwart.yaml --check policy.hujson")
            #expect(policy.contains(": good: "))
            if tailnet == .headscale {
                #expect(try await hour.run("headscale policy check --file policy.hujson") == "Policy is valid\n")
                // What `acl` prints has tests, for which it is too early.
                let early = try await hour.refused(
                    "tailwart acl --headscale alice >early.hujson; headscale policy check --file early.hujson")
                #expect(early.contains(#"source "tag:reverse-proxy" resolved to no IP addresses"#), "\(early)")
            }
            try await hour.next(is: "join", "sudo tailscale up --advertise-tags=tag:reverse-proxy")

            hour.begin("Tailnet")
            for (name, tag) in [("edge", "tag:reverse-proxy"), ("stalwart", "tag:stalwart")] {
                switch tailnet {
                case .tailscale:
                    if name == "edge" { hour.edit("two keys") }
                    hour.command(
                        "sudo tailscale up --auth-key=tskey-auth-… --advertise-tags=\(tag)"
                            + (name == "edge" ? "" : " --hostname=\(name)"))
                case .headscale:
                    let key = try await hour.run("headscale preauthkeys create --user 1 --tags \(tag)")
                    hour.command("sudo tailscale up --login-server=https://headscale.example.net --auth-key=\(key)")
                }
                try hour.join(name, tag)
                if name == "edge" { try await hour.next(is: "policy", "let it join under that name") }
            }
            let joined = try await hour.run("tailwart gate --once --tailscale --peer stalwart && echo on the tailnet")
            #expect(joined == "on the tailnet\n")
            try await hour.next(is: "mailbox", "Start the mail server, its database first")

            hour.begin("Mailbox")
            hour.command("sudo systemctl start postgresql stalwart")
            let gate = ["gate", "--postgres", "127.0.0.1:5432", "--", try Script.python().path]
            let database = try await PostgresServer(
                on: network.host, authentication: "scram-sha-256", encrypts: false, port: 5432
            ) { try network.home.start($0, $1, $2) }
            // In a container that was told no other name.
            let first = try network.home.start(
                "mailbox", Program.edge(), gate + mailbox + ["--name", "stalwart"] + services)
            try await eventually("the gate waits for the database") {
                first.errors.text.contains("waiting") || first.output.text.contains("waiting") ? true : nil
            }
            try await hour.next(is: "mailbox", "Start the mail server, its database first")
            try database.finishStarting()
            try await eventually("the mailbox listens") { first.output.lines.contains("listening") ? true : nil }
            let there = try await hour.run("tailwart gate --once --tcp \(hour.mailbox):25 && echo it listens")
            #expect(there == "it listens\n")
            hour.edit("a user")
            #expect(try await hour.look().contains("The mail server calls itself 'stalwart' in its greeting"))
            try await hour.next(is: "trust", "tailwart trust")

            hour.begin("Trust")
            let trust = try await hour.run("tailwart trust stalwart")
            #expect(trust.contains(#""100.64.0.2":true"#) && trust.contains("STALWART_HOSTNAME=mail.example.org"))
            hour.edit("what `trust` prints, at the mailbox")
            try await hour.next(is: "trust", "restart the mail server")
            hour.command("sudo systemctl restart stalwart")
            await first.stop()
            // Now it reads the list.
            try FileManager.default.removeItem(at: distrust.url)
            let second = try network.home.start("mailbox-2", Program.edge(), gate + mailbox + services)
            try await eventually("the mailbox listens again") { second.output.lines.contains("listening") ? true : nil }
            let rule = try await hour.next(is: "edge", "sudo nft insert rule")

            hour.begin("Firewall")
            let command = String(rule.prefix { $0 != ";" })
            try await hour.run(command)
            hour.edit("the provider's firewall")
            try await hour.next(is: "certificate", "tailwart records")

            hour.begin("Start")
            try await hour.run("sudo cp tailwart.yaml tailwart.schema.json /etc/tailwart/")
            try await hour.run("sudo cp .env.example /etc/default/tailwart")
            hour.command("sudo systemctl start tailwart")
            let edge = try await NetworkEdge(in: network, ports: [25, 443, 465, 993], hour.installed.text)
            for port in [25, 443, 465, 993] { try await edge.line(containing: ":\(port) (") }
            try await edge.line(containing: "is healthy")
            let greeted = try await hour.run("tailwart gate --once --mail smtp://127.0.0.1:25 && echo greeted")
            #expect(greeted == "greeted\n")
            try await hour.next(is: "certificate", "tailwart records")

            hour.begin("DNS")
            let records = try await hour.run("tailwart records --config tailwart.yaml --ipv4 203.0.113.1")
            let published = try #require(records.firstMatch(of: #/(?m)^mail\.example\.org\. +3600 IN A +(\S+)$/#))
            #expect(records.contains(#/(?m)^example\.org\. +3600 IN MX +10 mail\.example\.org\.$/#))
            hour.edit("the records")
            hour.edit("the reverse record")
            try await hour.next(is: "certificate", "If Stalwart has ordered no certificate")

            hour.begin("Certificate")
            hour.edit("the order")
            let names = ["mail", "mta-sts", "autoconfig", "autodiscover", "ua-auto-config"].map { "\($0).example.org" }
            // Stalwart uses it without a restart.
            try certificate.write(authority.issue(names).serverPEM)
            try await edge.line(containing: "The certificate for 'mail.example.org' is valid until")
            try await hour.next(is: "rest", "")

            hour.begin("Check")
            let check = try await hour.run("sudo tailwart check --host")
            #expect(!check.contains("fail") && !check.contains("calls itself"))
            if tailnet == .headscale {
                hour.begin("Tests")
                try await hour.run("tailwart acl --config tailwart.yaml --headscale alice@ > policy.hujson")
                #expect(try await hour.run("headscale policy check --file policy.hujson") == "Policy is valid\n")
            }

            hour.begin("The first mail")
            hour.command("swaks --server mail.example.org --tls --from you@example.com --to ann@example.org")
            try await network.internet.run(
                "client", Script.python(), ["-c", FirstHour.client, String(published.output.1), hour.authorities.path])
            let kept = network.host.folder.files(endingIn: ".eml")
            #expect(kept.map(\.text) == ["Subject: first\n\nhello\n"])
            let line = try #require(second.output.lines.last { $0.hasPrefix("kept ") })
            let number = line.split(separator: " ")[1]
            #expect(line.hasSuffix(" ann@example.org"))
            #expect(
                second.output.lines.contains("client \(number) \(TestNetwork.clients[0])"), "the client's own address")
            let record = try await edge.record("the mail") { line in
                line.listener == "smtp" && line.client?.hasPrefix("\(TestNetwork.clients[0]):") == true
            }
            #expect(record.upstreamAddress?.hasPrefix("\(TestNetwork.mailbox)") == true)

            #expect(hour.headings == ["The files"] + steps + ["The first mail"])
            // The page is for Tailscale's own server, and says in words what else Headscale wants.
            if tailnet == .tailscale { try hour.compareWithPage() }
            print("\(tailnet): \(hour.count)")
        }
    }
}

extension TestNetwork {
    /// A host as many are: nothing comes in but what was asked for, and a way to everybody.
    fileprivate func closeFirewall() async throws {
        try await edge.nft(
            """
            add table inet filter
            add chain inet filter input { type filter hook input priority 0; policy drop; }
            add rule inet filter input ct state established,related accept
            add rule inet filter input iifname { "lo", "tailscale0" } accept
            add rule inet filter input meta l4proto { icmp, ipv6-icmp } accept
            """)
        try await edge.ip("route add default via \(Self.clients[0]) dev wan")
    }
}
