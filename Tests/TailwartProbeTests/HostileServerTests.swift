import Synchronization
import TailwartClient
import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartProbe

/// Servers that lie, stall or flood: each ends in a verdict, in time, and without a byte too many in memory.
@Suite struct HostileServerTests {
    private static let plain = ListenerProtocol.allCases.filter { $0.firstSpeaker == .server }
    private static let secure = ListenerProtocol.allCases.filter { $0.firstSpeaker == .client }

    /// Keeps the connection until the probe has left.
    private static func waitForEnd(_ connection: TestSocket) { _ = try? connection.receiveToEnd() }

    @Test(arguments: plain)
    func `a greeting without an end is cut`(proto: ListenerProtocol) async throws {
        let line = proto == .imap ? "* OK" : proto == .pop3 ? "+OK" : proto == .sieve ? "\"X\"" : "220-"
        let result = try await probe(proto) { connection in
            _ = try? connection.fill(with: Array((line + " and on and on").utf8), upTo: 64 << 20)
        }
        #expect(result.verdict == .wrongProtocol, "\(result.detail)")
    }

    @Test(arguments: [ListenerProtocol.smtp, .sieve])
    func `a greeting of lines without an end is cut`(proto: ListenerProtocol) async throws {
        let line = proto == .smtp ? "220-and on and on\r\n" : "\"AND\" \"on\"\r\n"
        let result = try await probe(proto) { connection in
            _ = try? connection.fill(with: Array(line.utf8), upTo: 64 << 20)
        }
        #expect(result.verdict == .wrongProtocol, "\(result.detail)")
        #expect(result.detail.contains("lines"))
    }

    @Test(arguments: plain + secure)
    func `random bytes are another protocol or no handshake`(proto: ListenerProtocol) async throws {
        var random = SeededRandom(seed: 0x7a11)
        for _ in 0..<8 {
            let bytes = (0..<Int.random(in: 1...9000, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            let result = try await probe(proto, timeout: impatience) { connection in
                try connection.send(bytes)
                Self.waitForEnd(connection)
            }
            #expect(
                [.wrongProtocol, .silent, .tlsFailed, .busy].contains(result.verdict),
                "seed \(random.seed), \(bytes.count) bytes: \(result.verdict) \(result.detail)")
        }
    }

    @Test(arguments: plain)
    func `a greeting that comes a byte at a time is read`(proto: ListenerProtocol) async throws {
        let greeting =
            switch proto {
            case .imap: "* BYE no\r\n"
            case .pop3: "-ERR no\r\n"
            case .sieve: "BYE \"no\"\r\n"
            default: "421 4.3.2 no\r\n"
            }
        let result = try await probe(proto) { connection in
            try connection.dribble(Array(greeting.utf8))
            Self.waitForEnd(connection)
        }
        #expect(result.verdict == .busy, "\(result.detail)")
    }

    @Test func `a server that stops in the middle of a line is silent`() async throws {
        let result = try await probe(.smtp, timeout: impatience) { connection in
            try connection.send(Array("220 mail".utf8))
            Self.waitForEnd(connection)
        }
        #expect(result.verdict == .silent)
        #expect(result.detail.contains("'220 mail'"))
    }

    @Test func `a server that stops after its greeting is silent, and hears a goodbye`() async throws {
        let result = try await probe(.smtp, timeout: impatience) { connection in
            try connection.say("220 mail.example.org ESMTP")
            guard try connection.hear() == "EHLO edge.example.org", try connection.hear() == "QUIT" else {
                throw TestFailure("not the words of a probe")
            }
            Self.waitForEnd(connection)
        }
        #expect(result.verdict == .silent, "\(result.detail)")
    }

    @Test(arguments: plain, [ProxyProtocolOut.Version.v1, .v2])
    func `a server that has the header and says nothing is silent`(
        proto: ListenerProtocol, version: ProxyProtocolOut.Version
    ) async throws {
        let result = try await probe(proto, version, timeout: impatience) { Self.waitForEnd($0) }
        #expect(result.verdict == .silent, "\(result.detail)")
    }

    @Test(arguments: secure, [ProxyProtocolOut.Version.none, .v2])
    func `a server that has the ClientHello and says nothing is silent`(
        proto: ListenerProtocol, version: ProxyProtocolOut.Version
    ) async throws {
        let result = try await probe(proto, version, timeout: impatience) { Self.waitForEnd($0) }
        #expect(result.verdict == .silent, "\(result.detail)")
    }

    @Test(arguments: secure)
    func `TLS records that are too long, or never end, fail the handshake`(proto: ListenerProtocol) async throws {
        for header: [UInt8] in [[22, 3, 3, 0xff, 0xff], [22, 3, 3, 0x40, 0x00]] {
            let result = try await probe(proto, timeout: .seconds(2)) { connection in
                try connection.send(header)
                _ = try? connection.fill(with: [UInt8](repeating: 0, count: 4096), upTo: 64 << 20)
            }
            #expect(result.verdict == .tlsFailed, "\(header): \(result.verdict) \(result.detail)")
        }
    }

    @Test(arguments: secure)
    func `an alert is told by its name`(proto: ListenerProtocol) async throws {
        let result = try await probe(proto) { connection in
            _ = try connection.receive()
            try connection.send([21, 3, 3, 0, 2, 2, 40])
            Self.waitForEnd(connection)
        }
        // A web server that is asked for no name may have nothing to show.
        #expect(result.verdict == (proto == .https ? .nameRefused : .tlsFailed))
        #expect(result.detail.contains("handshake_failure"))
    }

    @Test(arguments: plain)
    func `a TLS record in place of a greeting is another protocol`(proto: ListenerProtocol) async throws {
        let result = try await probe(proto) { connection in try connection.finish(with: [21, 3, 1, 0, 2, 2, 70]) }
        #expect(result.verdict == .wrongProtocol)
        #expect(result.detail.contains("TLS"))
    }

    @Test func `STARTTLS that is answered 454 is a word about now, and the server is left with a goodbye`() async throws
    {
        let result = try await probe(.smtp) { connection in
            try connection.say("220 mail.example.org")
            _ = try connection.hear()
            try connection.say("250-mail.example.org", "250 STARTTLS")
            guard try connection.hear() == "STARTTLS" else { throw TestFailure("not the words of a probe") }
            try connection.say("454 4.7.0 TLS not available due to local problem")
            guard try connection.hear() == "QUIT" else { throw TestFailure("not the words of a probe") }
            Self.waitForEnd(connection)
        }
        #expect(result.verdict == .startTLSRefused, "\(result.detail)")
        #expect(result.verdict.grade == .degraded)
    }

    @Test func `a teaser means alive, and nothing is said into it`() async throws {
        let heard = Mutex<[UInt8]>([])
        let result = try await probe(.smtp, timeout: impatience) { connection in
            try connection.say("220-mail.example.org ESMTP Postfix")
            let bytes = (try? connection.receiveToEnd())?.bytes ?? []
            heard.withLock { $0 = bytes }
        }
        #expect(result.verdict == .slow, "\(result.detail)")
        #expect(heard.withLock { $0 }.isEmpty)
    }

    @Test(arguments: [1, 2])
    func `a command that is answered once was refused, and one that is answered twice was two`(replies: Int)
        async throws
    {
        let result = try await probe(.smtp, .v1) { connection in
            _ = try connection.hear()
            try connection.say("220 mail.example.org")
            _ = try connection.hear()
            for _ in 0..<replies { try connection.say("502-5.5.2 Error:", "502 5.5.2 command not recognized") }
            Self.waitForEnd(connection)
        }
        #expect(result.verdict == (replies == 1 ? .ehloRefused : .headerNotTrusted), "\(result.detail)")
    }

    @Test func `something without TLS on 443, such as sshd, is another protocol and turns nothing off`() async throws {
        let result = try await probe(.https) { connection in
            try connection.say("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3")
            Self.waitForEnd(connection)
        }
        #expect(result.verdict == .wrongProtocol)
        #expect(!result.verdict.turnsOff(.reachability))
    }

    @Test(arguments: secure, [ProxyProtocolOut.Version.none, .v2])
    func `an alert in answer to the hello shows that the server lives, whatever it says`(
        proto: ListenerProtocol, version: ProxyProtocolOut.Version
    ) async throws {
        for code: UInt8 in [80, 112, 40, 47, 50, 70, 116] {
            let result = try await probe(proto, version) { connection in
                if version != .none { _ = try connection.receiveHeader() }
                _ = try connection.receive()
                try connection.send([21, 3, 3, 0, 2, 2, code])
                Self.waitForEnd(connection)
            }
            // These may be about the name alone, or that there is none.
            let isOfName = proto == .https && [40, 80, 112].contains(code)
            #expect(result.verdict == (isOfName ? .nameRefused : .tlsFailed), "\(code): \(result.detail)")
            #expect(!result.verdict.turnsOff(.reachability))
        }
    }

    @Test func `text behind the answer to STARTTLS is not taken for TLS`() async throws {
        let result = try await probe(.smtp) { connection in
            try connection.say("220 mail.example.org")
            _ = try connection.hear()
            try connection.say("250-mail.example.org", "250 STARTTLS")
            _ = try connection.hear()
            try connection.say("220 go", "250 and this came too early")
            Self.waitForEnd(connection)
        }
        #expect(result.verdict == .tlsFailed, "\(result.detail)")
    }

    @Test func `a server that closes without a byte after some seconds may have waited for a header`() async throws {
        let result = try await probe(.smtp) { connection in _ = connection.wait(for: 1, milliseconds: 3000) }
        #expect(result.verdict == .silent)
        #expect(result.detail.contains("PROXY header"), "\(result.detail)")
    }

    @Test(
        arguments: [
            ("421 4.3.0 mail.example.org Server local error", .headerRequired), ("421 4.3.2 too many sessions", .busy),
            ("554 no service here", .busy),
        ] as [(String, Verdict)])
    func `only Postfix's own words for a missing header are taken for that`(words: String, verdict: Verdict)
        async throws
    {
        let result = try await probe(.smtp) { connection in
            _ = connection.wait(for: 1, milliseconds: 3000)
            try connection.say(words)
        }
        #expect(result.verdict == verdict, "\(result.detail)")
    }

    @Test(arguments: plain)
    func `a server that closes when it has the header has banned the edge, or does not know it`(
        proto: ListenerProtocol
    ) async throws {
        let result = try await probe(proto, .v2) { connection in _ = try connection.receive() }
        #expect(result.verdict == .banned, "\(result.detail)")
    }

    @Test func `a server that resets at once has banned the edge`() async throws {
        let result = try await probe(.smtp, .v2) { $0.reset() }
        #expect(result.verdict == .banned, "\(result.detail)")
    }

    @Test func `what a server says is shown escaped and cut`() async throws {
        let result = try await probe(.smtp) { connection in
            try connection.send(Array("220\u{1b}[2J'\u{7}\n".utf8) + [0xff, 10])
            Self.waitForEnd(connection)
        }
        #expect(result.verdict == .wrongProtocol)
        #expect(result.detail.contains("'220\\x1b[2J\\'\\x07'"), "\(result.detail)")
    }

    @Test func `many probes at once end, each with its own verdict`() async throws {
        let server = try FakeMailbox { connection, number in
            if number.isMultiple(of: 2) { try connection.say("421 4.3.2 later") }
            Self.waitForEnd(connection)
        }
        let address = server.address
        let verdicts = await withTaskGroup(of: Verdict.self) { group in
            for _ in 0..<40 {
                group.addTask {
                    await prober.probe(.test(.direct(address), .smtp), timeout: .seconds(2), patience: .seconds(2))
                        .verdict
                }
            }
            return await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        }
        server.close()
        #expect(verdicts == [.busy: 20, .silent: 20])
    }

    @Test func `a probe that is cancelled ends at once`() async throws {
        let server = try FakeMailbox { connection, _ in Self.waitForEnd(connection) }
        let address = server.address
        let task = Task { await prober.probe(.test(.direct(address), .smtp), timeout: .seconds(600)) }
        try await eventually("the probe is connected") { server.served == 1 ? true : nil }
        task.cancel()
        _ = await task.value
        server.close()

        let listener = try TestListener()
        let queued = try listener.stopAnswering()
        let silent = try listener.address
        let dialling = Task { await prober.probe(.test(.direct(silent), .smtp), timeout: .seconds(600)) }
        dialling.cancel()
        _ = await dialling.value
        withExtendedLifetime(queued) {}
    }

    @Test(
        arguments: [
            (.smtp, .none, "220 stalwart.example.org ESMTP Postfix", .startTLSMissing, .postfix),
            (.smtp, .v2, "220 mx.example.org ESMTP Exim 4.96", .headerNotTrusted, .exim),
            (.imap, .v2, "* OK [CAPABILITY IMAP4rev1] Dovecot ready.", .headerNotTrusted, .dovecot),
            (.smtp, .v2, "220 mx.example.org ESMTP Haraka/3.0.3 ready", .headerNotTrusted, nil),
            (.imaps, .none, "* OK Dovecot ready.", .wrongProtocol, .dovecot),
            (.smtp, .none, "421 4.3.0 mail.example.org Server local error", .headerRequired, .postfix),
            (.smtp, .v2, "421 4.3.0 mail.example.org Server local error", .headerLost, .postfix),
            (.submissions, .v2, "421 4.3.0 mail.example.org Server local error", .headerLost, .postfix),
            (.smtp, .none, "", .silent, nil),
        ] as [(ListenerProtocol, ProxyProtocolOut.Version, String, Verdict, MailServer?)])
    func `the server that answers is known by its greeting, and the advice is about it`(
        proto: ListenerProtocol, version: ProxyProtocolOut.Version, greeting: String, verdict: Verdict,
        server: MailServer?
    ) async throws {
        let result = try await probe(proto, version, timeout: verdict == .silent ? impatience : patience) {
            connection in
            // Postfix says so when it has waited for a header, or has read what is none.
            if verdict == .headerRequired { _ = connection.wait(for: 1, milliseconds: 3000) }
            if verdict == .headerLost { _ = connection.wait(for: 1) }
            if !greeting.isEmpty { try connection.say(greeting) }
            if verdict == .startTLSMissing {
                _ = try connection.hear()
                try connection.say("500 what?")
            }
            Self.waitForEnd(connection)
        }
        #expect(result.verdict == verdict, "\(result.detail)")
        #expect(result.server == server && result.fix == verdict.fix(of: server))
    }
}
