import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

@Suite(.ownThreads) struct ResetTests {
    /// What is under way when the reset comes.
    enum Pending: CaseIterable {
        case nothing
        /// From the side that resets.
        case sent
        /// To the side that resets.
        case unread
    }

    @Test(arguments: [Side.client, .upstream], Pending.allCases)
    func `a reset while relaying is passed on as a reset`(side: Side, pending: Pending) throws {
        let mailbox = try TestListener(receiveBuffer: 32 * 1024)
        let block = [UInt8](repeating: 0x44, count: mebibyte)
        try withEngine(upstreams: [.test(mailbox.address)]) { edge in
            let client = try TestSocket.connect(to: edge.address(), receiveBuffer: 32 * 1024)
            let pair = Pair(client: client, upstream: try mailbox.accept())
            try pair.exchange()
            switch pending {
            case .nothing: break
            case .sent: _ = try pair.socket(side).fill(with: block)
            case .unread: _ = try pair.other(side).fill(with: block)
            }
            pair.socket(side).reset()
            #expect(try pair.other(side).receiveToEnd().end == .reset)
            #expect(try edge.nextRecord().ending == Ending(side, .reset))
        }
    }

    @Test(arguments: [Side.client, .upstream])
    func `a reset after the other side has finished is passed on as a reset`(side: Side) throws {
        let mailbox = try TestListener()
        try withEngine(upstreams: [.test(mailbox.address)]) { edge in
            let pair = try Pair(edge, mailbox)
            try pair.exchange()
            pair.other(side).finish()
            #expect(try pair.socket(side).receive().isEmpty)
            pair.socket(side).reset()
            #expect(try pair.other(side).receiveToEnd().end == .reset)
            #expect(try edge.nextRecord().ending == Ending(side, .reset))
        }
    }

    @Test(arguments: [Side.client, .upstream])
    func `a side that leaves in order and does not read the last words has closed`(side: Side) throws {
        let mailbox = try TestListener()
        try withEngine(upstreams: [.test(mailbox.address)]) { edge in
            let pair = try Pair(edge, mailbox)
            try pair.exchange()
            pair.socket(side).finish()
            #expect(try pair.other(side).receive().isEmpty)
            pair.socket(side).reset()
            try? pair.other(side).send("221 Bye\r\n".utf8)
            #expect(try edge.nextRecord().ending == Ending(side, .closed))
        }
    }

    @Test func `a client that resets before its hello is whole reaches no upstream`() throws {
        let mailbox = try TestListener()
        let listener = Listener.test(.imaps, routes: [.toFirst(.name("mail.example.org"))])
        try withEngine(listeners: [listener], upstreams: [.test(mailbox.address)]) { edge in
            let client = try edge.connect()
            try client.send(ClientHelloBuilder(serverName: "mail.example.org").bytes.prefix(40))
            try edge.waitForLive(1)
            client.reset()
            #expect(try edge.nextRecord().ending == Ending(.client, .reset))
            #expect(try mailbox.accept(within: 50) == nil)
        }
    }

    @Test func `a client that resets before its PROXY header is whole reaches no upstream`() throws {
        let mailbox = try TestListener()
        let trusted = ProxyProtocolIn(trusted: [Network(.loopbackV4)])
        let listener = Listener.test(proxyProtocolIn: trusted)
        try withEngine(listeners: [listener], upstreams: [.test(mailbox.address)]) { edge in
            let client = try edge.connect()
            try client.send("PROXY TC".utf8)
            try edge.waitForLive(1)
            client.reset()
            #expect(try edge.nextRecord().ending == Ending(.client, .reset))
            #expect(try mailbox.accept(within: 50) == nil)
        }
    }

    @Test func `a client that resets while it is held is gone`() throws {
        var upstream = Upstream.test(try closedAddress())
        upstream.hold = .seconds(60)
        try withEngine(upstreams: [upstream]) { edge in
            let client = try edge.connect()
            try edge.waitForLive(1)
            client.reset()
            #expect(try edge.nextRecord().ending == Ending(.client, .reset))
        }
    }

    /// Whether the edge sees the connection or the reset first is a race: a connection that it never saw was refused.
    @Test func `an upstream that resets at once has reset or refused`() throws {
        let mailbox = try TestListener()
        try withEngine(upstreams: [.test(mailbox.address)]) { edge in
            for _ in 0..<50 {
                let client = try edge.connect()
                try mailbox.accept().reset()
                let (bytes, end) = try client.receiveToEnd()
                let record = try edge.nextRecord()
                #expect(bytes.isEmpty)
                #expect(record.ending.side == .upstream)
                #expect([.reset, .upstreamRefused].contains(record.ending.reason))
                #expect(end == (record.ending.reason == .reset ? .reset : .finished))
            }
        }
    }

    @Test func `an upstream that resets when it has the header passes its reset on`() throws {
        let mailbox = try TestListener()
        let listener = Listener.test(routes: [.toFirst(header: .init(.v2))])
        try withEngine(listeners: [listener], upstreams: [.test(mailbox.address)]) { edge in
            let pair = try Pair(edge, mailbox)
            _ = try pair.upstream.receiveHeader()
            pair.upstream.reset()
            #expect(try pair.client.receiveToEnd().end == .reset)
            #expect(try edge.nextRecord().ending == Ending(.upstream, .reset))
        }
    }
}
