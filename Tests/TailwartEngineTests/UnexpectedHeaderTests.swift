import Glibc
import Synchronization
import TailwartCore
import TailwartEngine
import TailwartSystem
import TailwartTesting
import TailwartWire
import Testing

/// A client that begins with a PROXY header at a listener that takes none: a load balancer in front, or the edge itself.
@Suite(.ownThreads) struct UnexpectedHeaderTests {
    private static let client = InternetAddress(.v4(0xc000_0207), port: 40_007)
    private static let destination = InternetAddress(.v4(0xcb00_7109), port: 25)
    private static let headers = [
        written { ProxyHeader.writeV1(client: client, destination: destination, into: &$0) },
        written { ProxyHeader.writeV2(client: client, destination: destination, into: &$0) },
    ]

    /// The protocol, how a refusal begins, and the header that the mailbox is sent.
    private static let refusals: [(ListenerProtocol, [UInt8], ProxyProtocolOut.Version)] = [
        (.smtp, Array("421 4.3.2 ".utf8), .v2), (.smtp, Array("421 4.3.2 ".utf8), .none),
        (.imap, Array("* BYE [UNAVAILABLE] ".utf8), .v1), (.pop3, Array("-ERR [SYS/TEMP] ".utf8), .v2),
        (.sieve, Array("BYE (TRYLATER) ".utf8), .v2), (.imaps, [21, 3], .v2), (.submissions, [21, 3], .none),
        (.tcp, [], .v2),
    ]

    @Test(arguments: refusals, headers)
    func `it is not passed on, and the client is told to come again`(
        what: (proto: ListenerProtocol, words: [UInt8], out: ProxyProtocolOut.Version), header: [UInt8]
    ) throws {
        let mailbox = try TestListener()
        let listener = Listener.test(what.proto, routes: [.toFirst(header: .init(what.out))])
        try withEngine(listeners: [listener], upstreams: [.test(mailbox.address)]) { edge in
            let client = try edge.connect()
            try client.send(header + Array("EHLO client.example.net\r\n".utf8))
            let upstream = try mailbox.accept()
            if what.out != .none { _ = try upstream.receiveHeader() }
            let (bytes, end) = try upstream.receiveToEnd()
            #expect(bytes.isEmpty && end == .finished)
            let (words, _) = try client.receiveToEnd()
            #expect(words.starts(with: what.words))
            client.close()
            let record = try edge.nextRecord()
            #expect(record.ending == Ending(.edge, .proxyHeaderUnexpected))
            #expect(record.wasRefused == !what.words.isEmpty)
            #expect(try edge.place().takeTraffic().failures == 0)
        }
    }

    @Test(arguments: headers)
    func `in pieces it does not get through either`(header: [UInt8]) throws {
        let mailbox = try TestListener()
        let listener = Listener.test(.smtp, routes: [.toFirst(header: .init(.none))])
        try withEngine(listeners: [listener], upstreams: [.test(mailbox.address)]) { edge in
            let pair = try Pair(edge, mailbox)
            for byte in header.prefix(5) {
                try pair.client.send([byte])
                #expect(try pair.upstream.receive(exactly: 1) == [byte])
            }
            try pair.client.send(Array(header[5...]))
            #expect(try pair.upstream.receiveToEnd().bytes.isEmpty)
            #expect(try pair.client.receiveToEnd().bytes.starts(with: Array("421 4.3.2 ".utf8)))
            pair.client.close()
            #expect(try edge.nextRecord().ending == Ending(.edge, .proxyHeaderUnexpected))
        }
    }

    @Test(arguments: headers)
    func `where the hello is read nobody is dialled for it`(header: [UInt8]) throws {
        let mailbox = try TestListener()
        let routes = [Route.toFirst(.name("mail.example.org")), .toFirst()]
        try withEngine(listeners: [.test(.https, routes: routes)], upstreams: [.test(mailbox.address)]) { edge in
            let client = try edge.connect()
            try client.send(header + ClientHelloBuilder(serverName: "mail.example.org").bytes)
            #expect(try client.receiveToEnd().bytes.starts(with: [21, 3]))
            client.close()
            #expect(try edge.nextRecord().ending == Ending(.edge, .proxyHeaderUnexpected))
            #expect(try mailbox.accept(within: 0) == nil)
        }
    }

    @Test(arguments: headers)
    func `behind a greeting the client is told so as the next reply`(header: [UInt8]) throws {
        let mailbox = try TestListener()
        let listener = Listener.test(.smtp, routes: [.toFirst(header: .init(.v2))])
        try withEngine(listeners: [listener], upstreams: [.test(mailbox.address)]) { edge in
            let pair = try Pair(edge, mailbox)
            _ = try pair.upstream.receiveHeader()
            let greeting = Array("220 mail.example.org\r\n".utf8)
            try pair.upstream.send(greeting)
            #expect(try pair.client.receive(exactly: greeting.count) == greeting)
            try pair.client.send(header)
            #expect(try pair.client.receiveToEnd().bytes.starts(with: Array("421 4.3.2 ".utf8)))
            pair.client.close()
            #expect(try edge.nextRecord().ending == Ending(.edge, .proxyHeaderUnexpected))
        }
    }

    @Test func `an unknown protocol to which no header is added goes on as it comes`() throws {
        let mailbox = try TestListener()
        try withEngine(upstreams: [.test(mailbox.address)]) { edge in
            let pair = try Pair(edge, mailbox)
            try pair.client.send(Self.headers[0])
            #expect(try pair.upstream.receive(exactly: Self.headers[0].count) == Self.headers[0])
            try pair.finish()
            #expect(try edge.nextRecord().ending.reason == .closed)
        }
    }

    @Test(arguments: [ListenerProtocol.smtp, .imaps, .tcp], [1, 2])
    func `a mailbox that leads back to the edge by a SOCKS server is seen, and a client makes few records`(
        proto: ListenerProtocol, workers: Int
    ) throws {
        let proxy = try LoopingProxy()
        defer { proxy.stop() }
        let upstream = Upstream(
            name: "u", endpoints: [Endpoint(.name("mail.example.org"), port: 25)], proxyProtocol: .init(.v2),
            via: .socks5(try proxy.listener.address))
        let listener = Listener.test(proto, routes: [.toFirst(header: .init(.v2))])
        try withEngine(listeners: [listener], upstreams: [upstream], workers: workers) { edge in
            proxy.target.withLock { $0 = try? edge.address() }
            for _ in 0..<3 {
                let before = edge.engine.counters.accepted
                // From an address of its own: that of the SOCKS server is suspected soon.
                let client = try edge.connect(from: lonelyAddress())
                if proto == .imaps { try client.send(ClientHelloBuilder(serverName: "mail.example.org").bytes) }
                let (words, _) = try client.receiveToEnd()
                switch proto {
                case .smtp: #expect(words.starts(with: Array("421 ".utf8)))
                case .imaps: #expect(words.starts(with: [21, 3]))
                // Of an unknown protocol there are no words.
                default: #expect(words.isEmpty)
                }
                client.close()
                try edge.waitForLive(0)
                let count = edge.engine.counters.accepted - before
                let reasons = try edge.records(count).map(\.ending)
                #expect(count <= 12, "\(count) records")
                #expect(reasons.contains(Ending(.edge, .proxyHeaderUnexpected)), "\(reasons)")
                #expect(try edge.place().takeTraffic().failures == 0)
            }
        }
    }
}

/// A SOCKS server that connects each of its clients to the same address, whatever they ask for.
private final class LoopingProxy: Sendable {
    let listener: TestListener
    let target = Mutex<InternetAddress?>(nil)
    private let isStopped = Atomic<Bool>(false)
    private let thread = Mutex<TailwartSystem.Thread?>(nil)

    init() throws {
        listener = try TestListener()
        let thread = try TailwartSystem.Thread(name: "socks") { [self] in
            while !isStopped.load(ordering: .relaxed) {
                guard let client = try? listener.accept(within: 50) else { continue }
                _ = try? TailwartSystem.Thread(name: "socks relay") { [self] in try? serve(client) }
            }
        }
        self.thread.withLock { $0 = thread }
    }

    func stop() {
        isStopped.store(true, ordering: .relaxed)
        thread.withLock { $0?.join() }
        listener.close()
    }

    private func serve(_ client: TestSocket) throws {
        defer { client.close() }
        guard let target = target.withLock({ $0 }) else { return }
        _ = try client.receive(exactly: 3)
        try client.send([5, 0])
        // The name's length, the name and the port behind version, command, reserved byte and kind of address.
        let head = try client.receive(exactly: 5)
        _ = try client.receive(exactly: Int(head[4]) + 2)
        let server = try TestSocket.connect(to: target, from: nil)
        defer { server.close() }
        try client.send([5, 0, 0, 1, 127, 0, 0, 1, 0, 25])
        var isOpen = (fromClient: true, fromServer: true)
        while isOpen.fromClient || isOpen.fromServer {
            if isOpen.fromClient { isOpen.fromClient = try pass(client, server) }
            if isOpen.fromServer { isOpen.fromServer = try pass(server, client) }
        }
    }

    /// - Returns: false at the end of what the source says.
    private func pass(_ source: TestSocket, _ sink: TestSocket) throws -> Bool {
        guard source.wait(for: POLLIN, milliseconds: 2) else { return true }
        let bytes = try source.receive()
        if bytes.isEmpty { sink.finish() } else { try sink.send(bytes) }
        return !bytes.isEmpty
    }
}
