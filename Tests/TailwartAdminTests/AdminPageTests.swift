import Glibc
import Synchronization
import TailwartAdmin
import TailwartCore
import TailwartSystem
import TailwartTesting
import TailwartWire
import Testing

/// What the pages say, and what the orders do.
@Suite(.ownThreads) struct AdminPageTests {
    @Test func `each page answers, and is neither kept nor guessed at`() throws {
        try withAdmin { admin in
            for (target, type, text) in [
                ("/", "text/plain", "GET  /status"), ("/livez", "text/plain", "ok\n"),
                ("/readyz", "text/plain", "ok\n"),
                ("/status", "application/json", "\"version\":\"tailwart 1\""),
                ("/connections", "application/json", "\"connections\":[]"),
            ] {
                let answer = try admin.get(target)
                #expect(answer.status == 200 && answer.body.contains(text), "\(target): \(answer)")
                #expect(answer.fields.contains { $0.hasPrefix("Content-Type: \(type)") }, "\(target)")
                for field in ["Cache-Control: no-store", "X-Content-Type-Options: nosniff"] {
                    #expect(answer.has(field), "\(target)")
                }
                #expect(answer.fields.contains { $0.hasPrefix("Content-Security-Policy: default-src 'none'") })
            }
        }
    }

    @Test func `an edge that takes no clients says why`() throws {
        try withAdmin { admin in
            admin.edge.state.withLock { $0.notReady = "the edge drains" }
            let answer = try admin.get("/readyz")
            #expect(answer.status == 503 && answer.body == "the edge drains\n")
            #expect(try admin.get("/livez").status == 200)
        }
    }

    @Test func `people get the status as text`() throws {
        try withAdmin { admin in
            let answer = try admin.get("/status", "Accept: text/plain;q=0.9, */*;q=0.1\r\n")
            #expect(answer.body.hasPrefix("tailwart 1: serving"))
            #expect(answer.fields.contains { $0.hasPrefix("Content-Type: text/plain") })
        }
    }

    @Test func `a list of connections is asked for as it was meant`() throws {
        try withAdmin { admin in
            let target = "/connections?client=10.0.0.0%2F8&listener=smtp&limit=7&sort=bytes"
            #expect(try admin.get(target).status == 200)
            let filter = try #require(admin.edge.state.withLock(\.filters).first)
            #expect(filter.client == Network("10.0.0.0/8") && filter.listener == "smtp")
            #expect(filter.limit == 7 && filter.order == .bytes)
        }
    }

    @Test(arguments: [
        "/connections?client=x", "/connections?limit=0", "/connections?limit=1001", "/connections?limit=",
        "/status?a=b", "/events?records=some",
        "/connections?sort=name", "/connections?limit=1&limit=2", "/connections?limit=%zz", "/connections?client=%1b",
    ])
    func `a variable that means nothing is refused by name`(target: String) throws {
        try withAdmin { admin in
            let answer = try admin.get(target)
            #expect(answer.status == 400 && answer.body.contains("\"severity\":\"error\""), "\(answer)")
        }
    }

    @Test(arguments: [
        ("/drain?for=30s", 200, "drain 30s"), ("/drain", 200, "drain "), ("/log-level?level=debug", 200, "level debug"),
        ("/reload?dry_run", 200, "reload true"), ("/reload", 409, "reload false"),
        ("/probe", 200, "probe"), ("/probe?upstream=a&upstream=b", 200, "probe a b"),
        ("/probe?wait=false", 200, "probe"), ("/probe?upstream=none", 404, "probe none"),
        ("/probe?wait=false&upstream=none", 404, "probe none"), ("/probe?wait&wait", 400, nil),
        ("/connections/0000000000000001/close", 200, "close 1"),
        ("/connections/0000000000000002/close", 503, "close 2"),
        ("/connections/0000000000000003/close", 404, "close 3"),
        ("/connections/1/close", 400, nil), ("/connections/+000000000000001/close", 400, nil),
        ("/log-level", 400, nil), ("/log-level?level=loud", 400, nil), ("/drain?for=soon", 400, nil),
        ("/drain?for=2d", 400, nil),
    ])
    func `an order is carried out once, or refused`(target: String, status: Int, order: String?) throws {
        try withAdmin { admin in
            let answer = try admin.get(target, method: "POST")
            #expect(answer.status == status, "\(answer)")
            #expect(admin.edge.orders == (order.map { [$0] } ?? []))
        }
    }

    @Test func `an edge drains once`() throws {
        try withAdmin { admin in
            let statuses = try (0..<2).map { _ in try admin.get("/drain", method: "POST").status }
            #expect(statuses == [200, 409])
        }
    }

    @Test func `an order that ends the interface is answered before`() throws {
        let hasBegun = try Waker()
        let edge = FakeEdge(whenDrained: {
            hasBegun.ring()
            // The edge, which has no connections, ends meanwhile.
            usleep(100_000)
        })
        try withAdmin(edge) { admin in
            let ending = try Thread(name: "ending") {
                hasBegun.wait(timeout: 10_000)
                admin.server.stop()
            }
            let answer = try admin.get("/drain", method: "POST")
            #expect(answer.status == 200, "\(answer)")
            ending.join()
        }
    }

    @Test func `metrics come as they are asked for`() throws {
        try withAdmin { admin in
            let open = "Accept: application/openmetrics-text;version=1.0.0\r\n"
            let bodies = try ["", open].map { try admin.get("/metrics", $0).body }
            #expect(bodies == ["prometheus\n", "openMetrics\n"])
        }
    }

    @Test func `one connection takes one question after the other, also several at once`() throws {
        try withAdmin { admin in
            let one = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
            let last = "HEAD /status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            let answers = try admin.ask(
                one + "POST /drain HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc" + one + last)
            #expect(answers.map(\.status) == [200, 200, 200, 200])
            #expect(answers[3].body.isEmpty && answers[3].fields.contains { $0.hasPrefix("Content-Length: ") })
        }
    }

    @Test func `who asks and says that this was all gets the answer`() throws {
        try withAdmin { admin in
            let socket = try admin.connect()
            try socket.finish(with: Array("GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
            let text = String(decoding: try socket.receiveToEnd().bytes, as: UTF8.self)
            #expect(try Admin.answers(text).map(\.status) == [200])
        }
    }
}
