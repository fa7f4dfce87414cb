import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

@Suite(.ownThreads) struct ProxyHeaderInTests {
    private static let loopback = ProxyProtocolIn(trusted: [Network(.loopbackV4)])
    private static let client = InternetAddress(.v4(0xc000_0207), port: 40_007)
    private static let destination = InternetAddress(.v4(0xcb00_7109), port: 25)
    private static let clientV6 = InternetAddress(.v6(0x2001_0db8_0000_0000, 7), port: 40_008)
    private static let destinationV6 = InternetAddress(.v6(0x2001_0db8_0000_0000, 9), port: 465)

    private static let headers: [(String, [UInt8], ProxyHeader.Peers)] = [
        (
            "v1", written { ProxyHeader.writeV1(client: client, destination: destination, into: &$0) },
            .proxied(client: client, destination: destination)
        ),
        (
            "v2", written { ProxyHeader.writeV2(client: client, destination: destination, into: &$0) },
            .proxied(client: client, destination: destination)
        ),
        (
            "v2, IPv6", written { ProxyHeader.writeV2(client: clientV6, destination: destinationV6, into: &$0) },
            .proxied(client: clientV6, destination: destinationV6)
        ),
        ("v1 UNKNOWN", written { ProxyHeader.writeV1Unknown(into: &$0) }, .local),
        ("v2 LOCAL", written { ProxyHeader.writeV2Local(into: &$0) }, .local),
    ]

    @Test(arguments: headers, [false, true])
    func `the addresses of the header are those of the record and of the header sent on`(
        header: (String, [UInt8], ProxyHeader.Peers), isDribbled: Bool
    ) throws {
        let mailbox = try TestListener()
        let listener = Listener.test(routes: [.toFirst(header: .init(.v2))], proxyProtocolIn: Self.loopback)
        try withEngine(listeners: [listener], upstreams: [.test(mailbox.address)]) { edge in
            let client = try edge.connect()
            if isDribbled { try client.dribble(header.1) } else { try client.send(header.1) }
            try client.send([1, 2, 3])
            let upstream = try mailbox.accept()
            let own = ProxyHeader.Peers.proxied(
                client: try #require(client.address), destination: try edge.address())
            let expected = header.2 == .local ? own : header.2
            #expect(try upstream.receiveHeader().header.peers == expected)
            #expect(try upstream.receive(exactly: 3) == [1, 2, 3])
            try Pair(client: client, upstream: upstream).finish()
            let record = try edge.nextRecord()
            if case .proxied(let address, _) = expected { #expect(record.client == address) }
            #expect(record.inboundBytes == 3)
        }
    }

    @Test(arguments: headers)
    func `a hello in the segment of the header is routed by its name`(
        what: String, header: [UInt8], peers: ProxyHeader.Peers
    ) throws {
        let mailbox = try TestListener()
        let listener = Listener.test(
            .imaps, routes: [.toFirst(.name("mail.example.org"))], proxyProtocolIn: Self.loopback)
        let hello = ClientHelloBuilder(serverName: "mail.example.org").bytes
        try withEngine(listeners: [listener], upstreams: [.test(mailbox.address)]) { edge in
            let client = try edge.connect()
            try client.send(header + hello)
            let upstream = try mailbox.accept()
            #expect(try upstream.receive(exactly: hello.count) == hello)
            try Pair(client: client, upstream: upstream).exchange()
            try Pair(client: client, upstream: upstream).finish()
            #expect(try edge.nextRecord().serverName == "mail.example.org")
        }
    }

    @Test func `header, words and end in one segment all count`() throws {
        let mailbox = try TestListener()
        let listener = Listener.test(proxyProtocolIn: Self.loopback)
        try withEngine(listeners: [listener], upstreams: [.test(mailbox.address)]) { edge in
            // Once at a stroke, once when the edge already waits for the rest.
            for first in [0, 10] {
                let client = try edge.connect()
                let bytes = Self.headers[0].1 + [5, 6]
                if first > 0 {
                    try client.send(bytes.prefix(first))
                    try edge.waitForLive(1)
                }
                try client.finish(with: Array(bytes.dropFirst(first)))
                let upstream = try mailbox.accept()
                try receive([5, 6], on: upstream)
                upstream.close()
                #expect(try edge.nextRecord().ending == Ending(.client, .closed))
            }
        }
    }

    @Test func `routes match the address of the header`() throws {
        let mailbox = try TestListener()
        let network = try #require(Network("192.0.2.0/24"))
        let listener = Listener.test(
            routes: [Route(match: RouteMatch(clients: [network]), to: .close), .toFirst()],
            proxyProtocolIn: Self.loopback)
        try withEngine(listeners: [listener], upstreams: [.test(mailbox.address)]) { edge in
            let client = try edge.connect()
            try client.send(Self.headers[0].1)
            #expect(try client.receiveToEnd().bytes.isEmpty)
            #expect(try edge.nextRecord().ending == Ending(.edge, .routeClose))
        }
    }

    private static let garbage: [(String, [UInt8])] = [
        ("SMTP", Array("EHLO client.example.org\r\n".utf8)),
        ("a hello", ClientHelloBuilder(serverName: "mail.example.org").bytes),
        ("a multicast client", Array("PROXY TCP4 224.0.0.1 192.0.2.1 1 25\r\n".utf8)),
        ("a line without end", Array("PROXY TCP4 ".utf8) + [UInt8](repeating: 0x20, count: 200)),
        (
            "a wrong checksum",
            {
                var header = written {
                    let extensions = ProxyExtensions(crc32c: true)
                    return ProxyHeader.writeV2(
                        client: client, destination: destination, extensions: extensions, into: &$0)
                }
                header[header.count - 1] ^= 1
                return header
            }()
        ),
        ("a version 2 header that is too long", Array(headers[1].1.prefix(14)) + [0xff, 0xff]),
    ]

    @Test(arguments: garbage)
    func `anything but a header is refused`(what: String, bytes: [UInt8]) throws {
        try withEngine(
            listeners: [.test(proxyProtocolIn: Self.loopback)], upstreams: [.test(closedAddress())]
        ) { edge in
            let client = try edge.connect()
            try client.send(bytes)
            #expect(try client.receiveToEnd().bytes.isEmpty)
            #expect(try edge.nextRecord().ending == Ending(.edge, .proxyHeaderInvalid))
        }
    }

    @Test func `an end within the header is refused, and a client that says nothing has left`() throws {
        try withEngine(
            listeners: [.test(proxyProtocolIn: Self.loopback)], upstreams: [.test(closedAddress())]
        ) { edge in
            for (sent, ending) in [(9, Ending(.edge, .proxyHeaderInvalid)), (0, Ending(.client, .clientLeft))] {
                let client = try edge.connect()
                try client.send(Self.headers[0].1.prefix(sent))
                try edge.waitForLive(1)
                client.finish()
                #expect(try client.receiveToEnd().bytes.isEmpty)
                #expect(try edge.nextRecord().ending == ending)
            }
        }
    }

    @Test func `a network that is not trusted is refused, header or not`() throws {
        let network = try #require(Network("127.0.0.8/32"))
        let listener = Listener.test(proxyProtocolIn: ProxyProtocolIn(trusted: [network]))
        let mailbox = try TestListener()
        try withEngine(listeners: [listener], upstreams: [.test(mailbox.address)]) { edge in
            let stranger = try edge.connect(from: .v4(0x7f00_0005))
            #expect(try stranger.receiveToEnd().bytes.isEmpty)
            let record = try edge.nextRecord()
            #expect(record.ending == Ending(.edge, .proxyHeaderUntrusted))
            #expect(record.client?.ip == .v4(0x7f00_0005))

            let trusted = try edge.connect(from: .v4(0x7f00_0008))
            try trusted.send(Self.headers[0].1)
            let upstream = try mailbox.accept()
            try Pair(client: trusted, upstream: upstream).exchange()
            try Pair(client: trusted, upstream: upstream).finish()
            #expect(try edge.nextRecord().client == Self.client)
        }
    }

    private static let trusted = IPAddress.v4(0x7f00_0008)
    private static let stranger = IPAddress.v4(0x7f00_0005)

    /// A load balancer at ``trusted`` and clients at all other addresses come to one port, where the mailbox is told of both.
    private func withMixedDoor(
        _ proto: ListenerProtocol = .smtp, _ body: (EngineHarness, TestListener) throws -> Void
    ) throws {
        let mailbox = try TestListener()
        let listener = Listener.test(
            proto, routes: [.toFirst(header: .init(.v2))],
            proxyProtocolIn: ProxyProtocolIn(trusted: [Network(Self.trusted)], others: .direct))
        try withEngine(listeners: [listener], upstreams: [.test(mailbox.address)]) { try body($0, mailbox) }
    }

    @Test(arguments: [ListenerProtocol.smtp, .tcp])
    func `others that come directly are who their address says`(proto: ListenerProtocol) throws {
        try withMixedDoor(proto) { edge, mailbox in
            // One that waits for the greeting says nothing.
            let stranger = try edge.connect(from: Self.stranger)
            let address = try #require(stranger.address)
            let direct = try mailbox.accept()
            #expect(
                try direct.receiveHeader().header.peers
                    == .proxied(client: address, destination: try edge.address()))
            try Pair(client: stranger, upstream: direct).exchange()
            try Pair(client: stranger, upstream: direct).finish()
            #expect(try edge.nextRecord().client == address)

            let balancer = try edge.connect(from: Self.trusted)
            try balancer.send(Self.headers[0].1)
            let upstream = try mailbox.accept()
            #expect(try upstream.receiveHeader().header.peers == Self.headers[0].2)
            try Pair(client: balancer, upstream: upstream).exchange()
            try Pair(client: balancer, upstream: upstream).finish()
            #expect(try edge.nextRecord().client == Self.client)
        }
    }

    @Test(arguments: [ListenerProtocol.smtp, .tcp])
    func `a header of one that comes directly is believed by nobody`(proto: ListenerProtocol) throws {
        try withMixedDoor(proto) { edge, mailbox in
            let stranger = try edge.connect(from: Self.stranger)
            let address = try #require(stranger.address)
            try stranger.send(Self.headers[0].1 + Array("EHLO client.example.org\r\n".utf8))
            let upstream = try mailbox.accept()
            #expect(
                try upstream.receiveHeader().header.peers
                    == .proxied(client: address, destination: try edge.address()))
            #expect(try upstream.receiveToEnd().bytes.isEmpty)
            _ = try stranger.receiveToEnd()
            stranger.close()
            let record = try edge.nextRecord()
            #expect(record.ending == Ending(.edge, .proxyHeaderUnexpected))
            #expect(record.client == address)
        }
    }

    @Test func `beside clients that come directly, the load balancer has to send its header`() throws {
        try withMixedDoor { edge, mailbox in
            let balancer = try edge.connect(from: Self.trusted)
            try balancer.send(Array("EHLO client.example.org\r\n".utf8))
            #expect(try balancer.receiveToEnd().bytes.isEmpty)
            #expect(try edge.nextRecord().ending == Ending(.edge, .proxyHeaderInvalid))
            #expect(try mailbox.accept(within: 0) == nil)
        }
    }

    @Test(arguments: [0, 1, 20])
    func `a header that does not come runs into the timeout`(sent: Int) throws {
        let settings = ProxyProtocolIn(trusted: [Network(.loopbackV4)], timeout: .milliseconds(100))
        try withEngine(
            listeners: [.test(proxyProtocolIn: settings)], upstreams: [.test(closedAddress())]
        ) { edge in
            let client = try edge.connect()
            try client.send(Self.headers[0].1.prefix(sent))
            #expect(try client.receiveToEnd().bytes.isEmpty)
            #expect(try edge.nextRecord().ending == Ending(.edge, .proxyHeaderTimeout))
        }
    }
}
