import NIOCore
import Synchronization
import TailwartAdmin
import TailwartCore
import TailwartTesting
import Testing

/// Events and records as they come.
@Suite(.ownThreads) struct AdminStreamTests {
    private static let question = Array("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)

    private func open(_ admin: Admin) throws -> (TestSocket, FakeFeed) {
        let count = admin.edge.feeds.count
        let socket = try admin.connect()
        try socket.send(Self.question)
        let feed = try eventually { admin.edge.state.withLock { $0.feeds.count > count ? $0.feeds.last : nil } }
        return (socket, feed)
    }

    private func text(_ socket: TestSocket, until end: String) throws -> String {
        var text = ""
        while !text.contains(end) {
            let bytes = try socket.receive()
            guard !bytes.isEmpty else { throw TestFailure("it ended: \(text)") }
            text += String(decoding: bytes, as: UTF8.self)
        }
        return text
    }

    @Test func `what is handed on comes, under its name, until there is no more`() throws {
        try withAdmin { admin in
            let (socket, feed) = try open(admin)
            feed.give(AdminFeedEntry(name: "health", json: "{\"a\":1}"))
            let text = try text(socket, until: "data: {\"a\":1}\n\n")
            #expect(text.contains("Content-Type: text/event-stream") && text.contains("event: health\n"))
            #expect(text.contains(": events and records of this edge"))
            feed.give(nil)
            #expect(try socket.receiveToEnd().end == .finished)
            #expect(feed.isClosed)
        }
    }

    @Test func `a reader that leaves is forgotten`() throws {
        try withAdmin { admin in
            let (socket, feed) = try open(admin)
            socket.close()
            _ = try eventually { feed.isClosed ? true : nil }
        }
    }

    @Test func `silence is broken now and then`() throws {
        var limits = AdminLimits()
        limits.heartbeat = .milliseconds(20)
        try withAdmin(limits: limits) { admin in
            let (socket, _) = try open(admin)
            _ = try text(socket, until: ": still here\n\n")
            socket.close()
        }
    }

    @Test func `a reader that never reads is dropped, takes little meanwhile, and others are answered`() throws {
        var limits = AdminLimits()
        limits.stall = .milliseconds(300)
        let line = "\"" + String(repeating: "x", count: 1000) + "\""
        try withAdmin(FakeEdge(flood: line), limits: limits) { admin in
            let (socket, feed) = try open(admin)
            #expect(try admin.get("/livez").status == 200)
            _ = try eventually { feed.isClosed ? true : nil }
            // What the kernel's buffers take on both sides, and one portion more than waits here.
            #expect(feed.taken < 2000)
            socket.close()
        }
    }

    @Test func `so many read and no more, and one that ends makes room`() throws {
        var limits = AdminLimits()
        limits.streams = 2
        try withAdmin(limits: limits) { admin in
            let (first, feed) = try open(admin)
            let (second, _) = try open(admin)
            let refused = try admin.get("/events")
            #expect(refused.status == 503 && refused.body.contains("too many readers of the events"))
            first.close()
            _ = try eventually { feed.isClosed ? true : nil }
            let (third, _) = try open(admin)
            second.close()
            third.close()
        }
    }

    @Test(arguments: [("", RecordsWanted.all), ("?records=unserved", .unserved), ("?records=none", .none)])
    func `a reader gets the records that it asks for`(query: String, wanted: RecordsWanted) throws {
        try withAdmin { admin in
            let socket = try admin.connect()
            try socket.send(Array("GET /events\(query) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
            _ = try text(socket, until: ": events and records")
            #expect(admin.edge.state.withLock(\.wanted) == [wanted])
            socket.close()
        }
    }

    @Test func `the head alone begins no stream`() throws {
        try withAdmin { admin in
            let answer = try admin.get("/events", method: "HEAD")
            #expect(answer.status == 200 && admin.edge.feeds.isEmpty)
        }
    }
}
