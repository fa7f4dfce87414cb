import Glibc
import NIOCore
import Synchronization
import TailwartAdmin
import TailwartClient
import TailwartCore
import TailwartSystem
import TailwartTesting
import TailwartWire
import Testing

/// Who notes what is asked.
private final class FakeBans: AdminBans {
    private let asked = Mutex<[String]>([])

    var orders: [String] { asked.withLock(\.self) }

    private func note(_ order: String) -> CommandAnswer {
        asked.withLock { $0.append(order) }
        return BanAnswer().answer
    }

    func add(_ network: Network, time: Duration?, reason: String) -> CommandAnswer {
        note("add \(network) \(time?.configurationText ?? "for ever") \(reason)")
    }

    func remove(_ network: Network, layer: BanLayer?) -> CommandAnswer {
        note("remove \(network)\(layer.map { " \($0.rawValue)" } ?? "")")
    }

    func list(limit: Int) -> CommandAnswer { note("list \(limit)") }
    func why(_ address: IPAddress) -> CommandAnswer { note("why \(address)") }
}

/// The pages of bans.
@Suite(.ownThreads) struct AdminBansTests {
    @Test func `each page asks for what it says`() throws {
        let bans = FakeBans()
        let edge = FakeEdge(bans: bans)
        try withAdmin(edge) { admin in
            for (method, target) in [
                ("POST", "/bans/add?network=203.0.113.7"),
                ("POST", "/bans/add?network=2001%3adb8%3a%3a%2f48&for=1h30m&reason=guesses%20passwords"),
                ("POST", "/bans/remove?network=203.0.113.0%2f24"),
                ("POST", "/bans/remove?network=203.0.113.7&layer=manual"), ("GET", "/bans"), ("GET", "/bans?limit=7"),
                ("GET", "/bans/why?address=%3a%3a1"),
            ] {
                let answer = try admin.get(target, method == "POST" ? "Content-Length: 0\r\n" : "", method: method)
                #expect(answer.status == 200 && answer.body.hasPrefix("{\"ok\":true,"), "\(target): \(answer)")
            }
            #expect(
                bans.orders == [
                    "add 203.0.113.7 for ever no reason was given", "add 2001:db8::/48 1h30m guesses passwords",
                    "remove 203.0.113.0/24", "remove 203.0.113.7 manual", "list 1000", "list 7", "why ::1",
                ])
        }
    }

    @Test func `what makes no sense is refused with a reason and changes nothing`() throws {
        let bans = FakeBans()
        try withAdmin(FakeEdge(bans: bans)) { admin in
            for (method, target, status) in [
                ("POST", "/bans/add", 400), ("POST", "/bans/add?network=nobody", 400),
                ("POST", "/bans/add?network=203.0.113.7%2f24", 400), ("POST", "/bans/add?network=0.0.0.0%2f0", 400),
                ("POST", "/bans/add?network=203.0.113.7&for=1s", 400),
                ("POST", "/bans/add?network=203.0.113.7&for=31d", 400),
                ("POST", "/bans/add?network=203.0.113.7&why=a", 400), ("POST", "/bans/remove", 400),
                ("POST", "/bans/remove?network=203.0.113.7&layer=crowdsec", 400),
                ("GET", "/bans?limit=0", 400), ("GET", "/bans?limit=10001", 400), ("GET", "/bans/why", 400),
                ("GET", "/bans/why?address=203.0.113.0%2f24", 400), ("GET", "/bans/add?network=203.0.113.7", 405),
                ("POST", "/bans", 405),
            ] {
                let answer = try admin.get(target, method == "POST" ? "Content-Length: 0\r\n" : "", method: method)
                #expect(answer.status == status && answer.body.contains("\"message\":\""), "\(target): \(answer)")
            }
            // Over TCP the admin interface is read-only.
            let order = try admin.get(
                "/bans/add?network=203.0.113.7", "Content-Length: 0\r\n", method: "POST",
                over: TestSocket.connect(to: admin.tcp))
            #expect(order.status == 403)
            #expect(bans.orders.isEmpty)
            #expect(try admin.get("/bans", over: TestSocket.connect(to: admin.tcp)).status == 200)
        }
    }

    @Test func `the list is a table for people`() {
        let network = Network(.v4(0xcb00_7107))
        var answer = BanAnswer()
        answer.bans = [
            Ban(network, .manual, reason: "guesses", since: 0, until: nil),
            Ban(network, .crowdsec, source: "5", reason: "scans", since: 0, until: 60),
        ]
        answer.matching = 12
        #expect(
            BansText(answer.answer.json).list == [
                "NETWORK      BY        UNTIL                 WHY",
                "203.0.113.7  manual    for ever              guesses",
                "203.0.113.7  crowdsec  1970-01-01T00:01:00Z  scans", "and 10 more",
            ])
        #expect(BansText(BanAnswer().answer.json).list == ["nobody is banned"])
    }
}

/// Where a mail server says whom it bans.
@Suite(.ownThreads) struct AdminWebhookTests {
    /// What takes the bodies, and with which key.
    private final class Taker: Sendable {
        private struct State {
            var key: [UInt8]? = Array("secret".utf8)
            var bodies: [[UInt8]] = []
            var refused = 0
        }

        private let state = Mutex(State())
        let outcome: AdminWebhook.Outcome

        init(_ outcome: AdminWebhook.Outcome = .inForce) { self.outcome = outcome }

        var bodies: [[UInt8]] { state.withLock(\.bodies) }
        var refused: Int { state.withLock(\.refused) }
        func forgetKey() { state.withLock { $0.key = nil } }

        var webhook: AdminWebhook {
            AdminWebhook(
                key: { self.state.withLock(\.key) },
                take: { body in
                    self.state.withLock { $0.bodies.append(body) }
                    return self.outcome
                },
                refused: { self.state.withLock { $0.refused += 1 } })
        }
    }

    private func withWebhook(
        _ taker: Taker, limits: AdminLimits = .webhook, _ body: (InternetAddress) throws -> Void
    ) throws {
        let listening = try ListeningSocket(InternetAddress(.loopbackV4, port: 0))
        guard let address = listening.address else { throw TestFailure("no address") }
        let server = try AdminServer(taker.webhook, at: [AdminListener(listening)], limits: limits)
        defer { server.stop() }
        try body(address)
    }

    private static func signature(_ body: [UInt8], key: String = "secret") -> String {
        Base64.encode(SHA256.hmac(key: Array(key.utf8), body))
    }

    private func post(
        _ body: [UInt8], signature: String?, to address: InternetAddress, target: String = "/", method: String = "POST"
    ) throws -> Admin.Answer {
        let socket = try TestSocket.connect(to: address)
        let field = signature.map { "X-Signature: \($0)\r\n" } ?? ""
        let head = """
            \(method) \(target) HTTP/1.1\r\nHost: edge.tail1234.ts.net:8025\r\nContent-Type: application/json\r\n\(field)\
            Content-Length: \(body.count)\r\nConnection: close\r\n\r\n
            """
        try socket.send(Array(head.utf8) + body)
        let answers = try Admin.answers(String(decoding: socket.receiveToEnd().bytes, as: UTF8.self))
        socket.close()
        return try #require(answers.first)
    }

    private func expect(
        _ answer: Admin.Answer, status: Int, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(answer.status == status, sourceLocation: sourceLocation)
    }

    private static let body = Array(#"{"events":[]}"#.utf8)

    @Test func `a signed body is taken as it came, byte for byte`() throws {
        let taker = Taker()
        var random = SeededRandom(seed: 14)
        try withWebhook(taker) { address in
            for body in [Self.body, [], random.bytes(100_000), random.bytes(1 << 20)] {
                try expect(post(body, signature: Self.signature(body), to: address), status: 200)
                #expect(taker.bodies.last == body)
            }
            #expect(taker.refused == 0)
        }
    }

    @Test func `what is not signed with the key is not taken`() throws {
        let taker = Taker()
        try withWebhook(taker) { address in
            var flipped = SHA256.hmac(key: Array("secret".utf8), Self.body)
            flipped[31] ^= 1
            let signatures = [
                nil, "", "x", Base64.encode(flipped), Self.signature(Self.body, key: "other"),
                Self.signature(Self.body + [10]),
                Base64.encode(SHA256.hash(Self.body)), Base64.encode([]), String(repeating: "A", count: 4000),
            ]
            for signature in signatures {
                let answer = try post(Self.body, signature: signature, to: address)
                #expect(answer.status == 401, "\(signature ?? "none")")
            }
            #expect(taker.bodies.isEmpty && taker.refused == signatures.count)
        }
    }

    @Test func `every bit of the body counts`() throws {
        let taker = Taker()
        let signature = Self.signature(Self.body)
        try withWebhook(taker) { address in
            for index in Self.body.indices {
                var body = Self.body
                body[index] ^= 1
                try expect(post(body, signature: signature, to: address), status: 401)
            }
        }
    }

    @Test(arguments: [(AdminWebhook.Outcome.inForce, 200), (.notYet, 503), (.unreadable("that is none"), 400)])
    func `the answer says what came of it`(outcome: AdminWebhook.Outcome, status: Int) throws {
        let taker = Taker(outcome)
        try withWebhook(taker) { address in
            try expect(post(Self.body, signature: Self.signature(Self.body), to: address), status: status)
        }
    }

    @Test func `without a key, on another path, in another way or too large it is refused`() throws {
        let taker = Taker()
        try withWebhook(taker) { address in
            let signature = Self.signature(Self.body)
            try expect(post(Self.body, signature: signature, to: address, target: "/status"), status: 404)
            try expect(post(Self.body, signature: signature, to: address, method: "PUT"), status: 405)
            let large = [UInt8](repeating: 0x20, count: (1 << 20) + 1)
            try expect(post(large, signature: Self.signature(large), to: address), status: 413)
            taker.forgetKey()
            try expect(post(Self.body, signature: signature, to: address), status: 503)
            #expect(taker.bodies.isEmpty)
        }
    }

    @Test func `who is slow is sent away`() throws {
        let taker = Taker()
        var limits = AdminLimits.webhook
        limits.request = .milliseconds(200)
        try withWebhook(taker, limits: limits) { address in
            let socket = try TestSocket.connect(to: address)
            try socket.send(Array("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345".utf8))
            let answers = try Admin.answers(String(decoding: socket.receiveToEnd().bytes, as: UTF8.self))
            #expect(answers.first?.status == 408)
            #expect(taker.bodies.isEmpty)
            socket.close()
        }
    }
}
