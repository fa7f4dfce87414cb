import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

@Suite(.ownThreads) struct WarmTests {
    private func withWarmEngine(_ count: Int, _ body: (EngineHarness, TestListener) throws -> Void) throws {
        let mailbox = try TestListener()
        var upstream = Upstream.test(try mailbox.address)
        upstream.warm = count
        let listener = Listener.test(.smtp, routes: [.toFirst(header: .init(.v2))])
        try withEngine(listeners: [listener], upstreams: [upstream]) { try body($0, mailbox) }
    }

    /// A client whose header comes through a spare, once the edge has noticed that the spare is connected.
    private func connect(_ edge: EngineHarness, through spare: TestSocket, _ mailbox: TestListener) throws -> TestSocket
    {
        try edge.eventually("a header through the spare") {
            let client = try edge.connect()
            if spare.wait(for: 1, milliseconds: 300) { return client }
            client.close()
            try mailbox.accept().close()
            _ = try edge.nextRecord()
            return nil
        }
    }

    @Test func `a client gets a socket that was connected before, with its header`() throws {
        try withWarmEngine(1) { edge, mailbox in
            let taken = try mailbox.accept()
            #expect(!taken.wait(for: 1, milliseconds: 50), "a header came before a client")
            let client = try connect(edge, through: taken, mailbox)
            let peers = try taken.receiveHeader().header.peers
            #expect(peers == .proxied(client: try #require(client.address), destination: try edge.address()))
            let pair = Pair(client: client, upstream: taken)
            try pair.exchange()
            // The taken one is replaced.
            let replacement = try mailbox.accept()
            try pair.finish()
            #expect(try edge.nextRecord().ending.reason == .closed)
            replacement.close()
        }
    }

    @Test func `spares of a place that stays outlive a change of others, and those of a place that goes are closed`()
        throws
    {
        let (mailbox, other) = (try TestListener(), try TestListener())
        var upstreams = [Upstream.test(try other.address), .test(try mailbox.address)]
        for index in upstreams.indices { upstreams[index].warm = 1 }
        let listeners = [
            Listener.test(
                .smtp, bind: [.internet(.init(lonelyAddress(), port: 0))], routes: [.to(1, header: .init(.v2))]),
            .test(.smtp, bind: [.internet(.init(lonelyAddress(), port: 0))], routes: [.toFirst(header: .init(.v2))]),
        ]
        try withEngine(listeners: listeners, upstreams: upstreams) { edge in
            let (spare, gone) = (try mailbox.accept(), try other.accept())
            var configuration = Configuration(
                upstreams: Configuration.named(upstreams), listeners: Configuration.named(listeners))
            configuration.listeners.removeLast()
            configuration.upstreams.removeFirst()
            edge.apply(configuration)
            // A header that says that nobody came, and the end.
            #expect(try gone.receiveToEnd().end == .finished)
            let client = try connect(edge, through: spare, mailbox)
            #expect(
                try spare.receiveHeader().header.peers
                    == .proxied(
                        client: try #require(client.address), destination: try edge.address()))
            client.close()
            spare.close()
            _ = try edge.nextRecord()
        }
    }

    @Test func `when all spares are taken a client is dialled for`() throws {
        try withWarmEngine(1) { edge, mailbox in
            let spare = try mailbox.accept()
            let first = try connect(edge, through: spare, mailbox)
            _ = try spare.receiveHeader()
            let second = try edge.connect()
            let secondHeader = try edge.eventually("the second client's header") { () -> ProxyHeader? in
                let connection = try mailbox.accept()
                return connection.wait(for: 1, milliseconds: 500) ? try connection.receiveHeader().header : nil
            }
            #expect(
                secondHeader.peers == .proxied(client: try #require(second.address), destination: try edge.address()))
            first.close()
            second.close()
            spare.close()
            _ = try edge.records(2)
        }
    }

    @Test func `a spare that the mailbox closed is never used`() throws {
        try withWarmEngine(1) { edge, mailbox in
            let spare = try mailbox.accept()
            spare.close()
            let client = try edge.connect()
            let connection = try mailbox.accept()
            _ = try connection.receiveHeader()
            let pair = Pair(client: client, upstream: connection)
            try pair.exchange()
            try pair.finish()
            #expect(try edge.nextRecord().ending.reason == .closed)
        }
    }

    @Test func `a spare that dies when it is used costs the client nothing`() throws {
        try withWarmEngine(1) { edge, mailbox in
            let spare = try mailbox.accept()
            let client = try connect(edge, through: spare, mailbox)
            _ = try spare.receiveHeader()
            spare.close()
            // Dialled anew, if the pool's replacement is not used.
            let connection = try edge.eventually("another connection with a header") { () -> TestSocket? in
                let connection = try mailbox.accept()
                return connection.wait(for: 1, milliseconds: 500) ? connection : nil
            }
            _ = try connection.receiveHeader()
            let pair = Pair(client: client, upstream: connection)
            try pair.exchange()
            try pair.finish()
            #expect(try edge.nextRecord().ending.reason == .closed)
        }
    }
}
