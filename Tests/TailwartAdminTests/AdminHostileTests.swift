import NIOCore
import TailwartAdmin
import TailwartTesting
import Testing

/// Callers who mean no good, or speak another language: each gets a clear answer, or the connection ends, and others are answered.
@Suite(.ownThreads) struct AdminHostileTests {
    private static let host = "Host: localhost\r\n"

    static let bad: [(text: String, status: Int, words: String)] = [
        ("SSH-2.0-OpenSSH_10.0\r\n\r\n", 400, "not a request in HTTP/1.1"),
        ("\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\r\n\r\n", 400, "not a request in HTTP/1.1"),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "not a request in HTTP/1.1"),
        ("GET /livez HTTP/1.1\r\n\r\n", 400, "'Host' must stand once"),
        ("GET /livez HTTP/1.1\r\n\(host)\(host)\r\n", 400, "'Host' must stand once"),
        ("GET /livez HTTP/1.1\r\nHost: evil.example.org\r\n\r\n", 421, "not a name"),
        ("GET http://localhost/livez HTTP/1.1\r\n\(host)\r\n", 400, "begins with a slash"),
        ("OPTIONS * HTTP/1.1\r\n\(host)\r\n", 400, "begins with a slash"),
        ("GET /../livez HTTP/1.1\r\n\(host)\r\n", 404, "no page"),
        ("GET //livez HTTP/1.1\r\n\(host)\r\n", 404, "no page"),
        ("GET /livez/ HTTP/1.1\r\n\(host)\r\n", 404, "no page"),
        ("GET /%6civez HTTP/1.1\r\n\(host)\r\n", 404, "no page"),
        ("GET /livez%00 HTTP/1.1\r\n\(host)\r\n", 404, "no page"),
        ("GET /connections/../../etc/passwd HTTP/1.1\r\n\(host)\r\n", 404, "no page"),
        ("POST /livez HTTP/1.1\r\n\(host)\r\n", 405, "asked for with GET, HEAD"),
        ("DELETE /status HTTP/1.1\r\n\(host)\r\n", 405, "asked for with GET, HEAD"),
        ("TRACE /status HTTP/1.1\r\n\(host)\r\n", 405, "asked for with GET, HEAD"),
        ("GET /drain HTTP/1.1\r\n\(host)\r\n", 405, "asked for with POST"),
        ("POST /drain HTTP/1.1\r\n\(host)Origin: http://evil.example.org\r\n\r\n", 403, "may not ask"),
        ("POST /drain HTTP/1.1\r\n\(host)Origin: null\r\n\r\n", 403, "may not ask"),
        ("POST /drain HTTP/1.1\r\n\(host)Sec-Fetch-Site: cross-site\r\n\r\n", 403, "may not ask"),
        ("POST /drain HTTP/1.1\r\n\(host)Content-Length: 70000\r\n\r\n", 413, "more than 65536 bytes"),
        ("POST /drain HTTP/1.1\r\n\(host)Content-Length: -1\r\n\r\n", 400, "not a request in HTTP/1.1"),
        (
            "POST /drain HTTP/1.1\r\n\(host)Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
            "not a request in HTTP/1.1"
        ),
        ("POST /drain HTTP/1.1\r\n\(host)Expect: 100-continue\r\nContent-Length: 5\r\n\r\n", 417, "at once"),
        ("GET /livez HTTP/1.1\r\n\(host)A\u{0}: b\r\n\r\n", 400, "not a request in HTTP/1.1"),
        ("GET /\(String(repeating: "a", count: 3000)) HTTP/1.1\r\n\(host)\r\n", 414, "more than 2048 bytes"),
        (
            "GET /livez HTTP/1.1\r\n\(host)A: \(String(repeating: "a", count: 20_000))\r\n\r\n", 431,
            "more than 16384 bytes"
        ),
        (
            "GET /livez HTTP/1.1\r\n\(host)\(String(repeating: "a: b\r\n", count: 200))\r\n", 431, "or 100 fields"
        ),
    ]

    @Test(arguments: bad.indices)
    func `what is no good question gets a clear answer, and nothing is done`(number: Int) throws {
        let (text, status, words) = Self.bad[number]
        try withAdmin { admin in
            let socket = try admin.connect()
            // Who is refused before all was sent may find the connection closed.
            try? socket.send(Array(text.utf8))
            socket.finish()
            let answers = try Admin.answers(String(decoding: socket.receiveToEnd().bytes, as: UTF8.self))
            #expect(answers.first?.status == status, "\(answers)")
            #expect(answers.first?.body.contains(words) ?? false, "\(answers)")
            #expect(admin.edge.orders.isEmpty)
            #expect(try admin.get("/livez").status == 200)
        }
    }

    @Test func `a body without an end is cut off`() throws {
        try withAdmin { admin in
            let socket = try admin.connect()
            try socket.send(
                Array("POST /drain HTTP/1.1\r\n\(Self.host)Transfer-Encoding: chunked\r\n\r\n".utf8))
            let chunk = Array("4000\r\n\(String(repeating: "a", count: 0x4000))\r\n".utf8)
            for _ in 0..<8 { try? socket.send(chunk) }
            let text = String(decoding: try socket.receiveToEnd().bytes, as: UTF8.self)
            #expect(try Admin.answers(text).map(\.status) == [413])
            #expect(admin.edge.orders.isEmpty)
        }
    }

    @Test(arguments: [
        "G", "GET /livez HTTP/1.1\r\nHost: loc",
        "POST /drain HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nab",
    ])
    func `a question that never ends is given up, with words`(text: String) throws {
        var limits = AdminLimits()
        limits.request = .milliseconds(50)
        try withAdmin(limits: limits) { admin in
            let answers = try admin.ask(text)
            #expect(answers.map(\.status) == [408], "\(answers)")
            #expect(admin.edge.orders.isEmpty)
        }
    }

    @Test func `who says nothing is let go`() throws {
        var limits = AdminLimits()
        limits.idle = .milliseconds(50)
        try withAdmin(limits: limits) { admin in
            let socket = try admin.connect()
            #expect(try socket.receiveToEnd().bytes.isEmpty)
        }
    }

    @Test func `who takes no answers holds nothing up, and is let go`() throws {
        var limits = AdminLimits()
        limits.answer = .milliseconds(300)
        limits.idle = .milliseconds(300)
        try withAdmin(limits: limits) { admin in
            let socket = try admin.connect()
            let question = Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
            // Until nothing more goes in: the interface has ceased to read, as its answers are not taken.
            let sent = try? socket.fill(with: question, upTo: 64 << 20)
            #expect(sent ?? 0 < 64 << 20, "answers pile up")
            #expect(try admin.get("/livez").status == 200)
            socket.close()
        }
    }

    @Test func `a thousand connections cost a few places, and those who have one are answered`() throws {
        var limits = AdminLimits()
        limits.callers = 8
        limits.turnedAway = 2
        try withAdmin(limits: limits) { admin in
            let early = try admin.connect()
            try early.send(Array("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
            #expect(try !early.receive().isEmpty)
            // More than wait in its queue would block here.
            var others: [TestSocket] = []
            for _ in 0..<1000 {
                guard let socket = try? admin.connect() else { continue }
                others.append(socket)
                if others.count > 40 { others.removeFirst().close() }
            }
            // Over TCP there are places of their own.
            let remote = try TestSocket.connect(to: admin.tcp)
            #expect(try admin.get("/livez", over: remote).status == 200)
            #expect(try admin.get("/livez", over: early).status == 200)
            for socket in others { socket.close() }
            _ = try eventually { try? admin.get("/livez").status == 200 ? true : nil }
        }
    }

    @Test func `one too many is told so`() throws {
        var limits = AdminLimits()
        limits.callers = 1
        try withAdmin(limits: limits) { admin in
            let first = try admin.connect()
            try first.send(Array("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
            #expect(try !first.receive().isEmpty)
            let second = try admin.connect()
            let text = String(decoding: try second.receiveToEnd().bytes, as: UTF8.self)
            let answer = try #require(try Admin.answers(text).first)
            #expect(answer.status == 503 && answer.body.contains("too many connections"))
            first.close()
        }
    }
}
