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
