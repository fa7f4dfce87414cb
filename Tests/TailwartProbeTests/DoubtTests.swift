import Glibc
import NIOPosix
import Synchronization
import TailwartClient
import TailwartCore
import TailwartSystem
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartProbe

/// What one connection leaves open, and another one settles.
@Suite struct DoubtTests {
    /// Passes bytes both ways until both sides are done.
    private static func relay(_ client: TestSocket, to address: InternetAddress) throws {
        let server = try TestSocket.connect(to: address)
        var polls = [client, server].map { pollfd(fd: $0.socket.raw, events: Int16(POLLIN), revents: 0) }
        while poll(&polls, 2, TestSocket.patience) > 0 {
            for (index, (from, to)) in [(client, server), (server, client)].enumerated()
            where polls[index].revents != 0 {
                let bytes = try from.receive()
                if bytes.isEmpty { return }
                try to.send(bytes)
            }
        }
    }

    @Test(arguments: [ListenerProtocol.imaps, .smtp])
    func `a way that loses large packets is told from a server that hangs`(proto: ListenerProtocol) async throws {
        try await withStalwart { fake in
            let there = fake.address(proto)
            let segments = Mutex<[CInt]>([])
            let narrow = try FakeMailbox { connection, _ in
                let segment = connection.socket.option(CInt(IPPROTO_TCP), TCP_MAXSEG) ?? 0
                segments.withLock { $0.append(segment) }
                guard segment > 600 else { return try Self.relay(connection, to: there) }
                // Small ones get through: the greeting, and what is said before the hello.
                guard proto == .smtp else { return _ = try connection.receiveToEnd() }
                try connection.say("220 mail.example.org ESMTP")
                _ = try connection.hear()
                try connection.say("250-mail.example.org", "250 STARTTLS")
                _ = try connection.hear()
                try connection.say("220 go")
                _ = try connection.receiveToEnd()
            }
            defer { narrow.close() }
            let result = await prober.probe(
                .test(.direct(narrow.address), proto), timeout: patience, patience: .seconds(2))
            #expect(result.verdict == .mtuBlackHole, "\(result.detail)")
            #expect(result.fix.contains("`ip link set dev") && result.fix.contains("MSS"))
            #expect(!result.verdict.turnsOff(.reachability))
            #expect(segments.withLock { $0.count } == 2)
        }
    }

    @Test(arguments: [ListenerProtocol.imaps, .https])
    func `a server that hangs in the handshake stays silent`(proto: ListenerProtocol) async throws {
        let result = try await probe(proto, timeout: impatience) { connection in _ = try? connection.receiveToEnd() }
        #expect(result.verdict == .silent, "\(result.detail)")
    }

    @Test func `a server that says nothing gets one hello, as it may count one for bad commands when it wakes`()
        async throws
    {
        let server = try FakeMailbox { connection, _ in _ = try? connection.receiveToEnd() }
        defer { server.close() }
        for _ in 1...3 {
            let result = await prober.probe(
                .test(.direct(server.address), .smtp), timeout: patience, patience: impatience)
            #expect(result.verdict == .silent, "\(result.detail)")
        }
        #expect(server.served == 4)
    }

    @Test func `a hello fits no packet of any usual network`() async throws {
        let hello = Mutex(0)
        _ = try await probe(.imaps, timeout: impatience) { connection in
            let bytes = try connection.receiveToEnd().bytes
            hello.withLock { $0 = max($0, bytes.count) }
        }
        #expect((1501...4096).contains(hello.withLock { $0 }))
    }

    @Test(
        arguments: [ListenerProtocol.smtp, .imap, .imaps, .https], ["PROXY TCP4 192.0.2.1 192.0.2.2 1 25\r\n", "v2"])
    func `a header in a greeting's place is named`(proto: ListenerProtocol, header: String) async throws {
        let bytes = header == "v2" ? ProbeHeader.bytes(.v2, addresses: nil) : Array(header.utf8)
        for version in [ProxyProtocolOut.Version.none, .v2] {
            let result = try await probe(proto, version) { connection in
                try connection.send(bytes)
                _ = try? connection.receiveToEnd()
            }
            #expect(result.verdict == .wrongProtocol, "\(result.detail)")
            #expect(result.detail.contains("came a PROXY header"), "\(result.detail)")
            #expect(!result.isCostly)
        }
    }

    @Test func `a web server that has no site of a name is no fault, and one that fails is`() async throws {
        func answer(_ alert: UInt8, to name: String?) async throws -> Verdict {
            let server = try FakeMailbox { connection, _ in
                _ = try connection.receive()
                try connection.send([21, 3, 3, 0, 2, 2, alert])
                _ = try? connection.receiveToEnd()
            }
            defer { server.close() }
            return await prober.probe(.test(.direct(server.address), .https, serverName: name), timeout: patience)
                .verdict
        }
        #expect(try await answer(112, to: "autoconfig.example.org") == .nameRefused)
        #expect(try await answer(40, to: nil) == .nameRefused)
        #expect(try await answer(40, to: "autoconfig.example.org") == .tlsFailed)
        #expect(Verdict.nameRefused.grade == .good)
    }

    @Test func `on 443 the words are about a web server, and the key of the short form is named`() {
        for verdict in [Verdict.refused, .tlsFailed] {
            var result = ProbeResult(verdict, "Seen.")
            result.server = .stalwart
            #expect(!result.fix(.https).contains("Stalwart") && result.fix(.imaps).contains("Stalwart"))
        }
        #expect(ProbeResult(.refused, "Seen.").fix(.https).contains("web server"))
        for verdict in [Verdict.headerUnwanted, .headerNotTrusted] {
            #expect(ProbeResult(verdict, "Seen.").fix(.https).contains("`https: {proxy_protocol: none}`"))
        }
        #expect(ProbeResult(.headerRequired, "Seen.").fix(.https).contains("`https: {proxy_protocol: v2}`"))
        #expect(!ProbeResult(.headerRequired, "Seen.").fix(.smtp).contains("short form"))
    }

    // MARK: - recipients

    @Test(
        arguments: [
            (nil, false, nil, .taken, "with '250 2.0.0 OK'."),
            (
                nil, true, nil, .refusedNow,
                "with '451 4.4.3 Unable to verify address at this time.': its database is away."
            ),
            (["ann@example.org"], false, nil, .unknown, "with '550 5.1.2 Mailbox does not exist.'."),
            (nil, false, 0, .unclear, "with '452 4.4.5 Rate limit exceeded, try again later.'."),
        ] as [([String]?, Bool, Int?, RecipientAnswer, String)])
    func `a probe that asks for a recipient hears whether mail is taken, and leaves as it came`(
        recipients: [String]?, isDatabaseAway: Bool, rate: Int?, answer: RecipientAnswer, words: String
    ) async throws {
        for version in [ProxyProtocolOut.Version.v2, .none] {
            var settings = FakeStalwart.Settings.expecting(version)
            settings.recipients = recipients
            settings.isDatabaseAway = isDatabaseAway
            settings.rate = rate
            try await withStalwart(settings) { fake in
                let question = ProbeQuestion.test(.direct(fake.address(.smtp)), .smtp, version)
                let met = await prober.meet(question, patience, patience) {
                    await $0.run(askingFor: "postmaster@example.org")
                }
                #expect(met?.recipient?.answer == answer)
                #expect(
                    met?.recipient?.detail == "The server answers 'RCPT TO:<postmaster@example.org>' \(words)")
                try await eventually("it said goodbye") { fake.counters.goodbyes == 1 ? true : nil }
                #expect(fake.complaints == noComplaints && fake.counters.messages == 0)
            }
        }
    }

    @Test func `an edge asks once, and a program that probes once does not`() async throws {
        var settings = FakeStalwart.Settings()
        settings.recipients = []
        settings.unknownRecipientDelay = .zero
        try await withStalwart(settings) { fake in
            var question = ProbeQuestion.test(.direct(fake.address(.smtp)), .smtp)
            question.recipient = "postmaster@example.org"
            _ = await prober.probe(question, timeout: patience)
            #expect(fake.counters.unknownRecipients == 0)
            let edge = Prober(
                group: MultiThreadedEventLoopGroup.singleton, name: { edgeName }, asksForRecipients: true)
            var clues = ProbeClues()
            clues.getsNoMail = true
            for _ in 1...3 { _ = await edge.probe(question, timeout: patience, clues: clues) }
            #expect(fake.counters.unknownRecipients == 1)
            edge.askForRecipient(upstream: question.upstream, endpoint: "elsewhere.example.org")
            _ = await edge.probe(question, timeout: patience)
            #expect(fake.counters.unknownRecipients == 1)
            edge.askForRecipient(upstream: question.upstream, endpoint: question.endpoint)
            _ = await edge.probe(question, timeout: patience)
            #expect(fake.counters.unknownRecipients == 2)
        }
    }

    @Test(
        arguments: [
            (.usual, "postmaster@example.org"), (.off, nil), (.address("ann@example.com"), "ann@example.com"),
        ] as [(HealthSettings.Recipient, String?)])
    func `the postmaster of the first domain is asked about, or whom the file names`(
        recipient: HealthSettings.Recipient, asked: String?
    ) throws {
        var health = HealthSettings()
        health.recipient = recipient
        let names = ["mail.example.org", "mta-sts.example.org", "mta-sts.example.com"]
        let configuration = Configuration(
            upstreams: [Upstream(name: "mailbox", endpoints: [Endpoint(.name("mail.example.net"))], health: health)],
            listeners: [
                Listener(
                    name: "smtp", bind: [.any(port: 25)], proto: .smtp,
                    routes: [Route(to: .upstream("mailbox", port: nil))]),
                Listener(
                    name: "https", bind: [.any(port: 443)], proto: .https,
                    routes: [
                        Route(
                            match: RouteMatch(serverNames: names.compactMap { ServerNamePattern($0) }),
                            to: .upstream("mailbox", port: nil))
                    ]),
            ])
        let subjects = ProbeSubject.all(of: configuration)
        #expect(subjects.map(\.recipient) == [asked, nil])
        #expect(!subjects[0].asks(as: subjects[1]))
    }
}
