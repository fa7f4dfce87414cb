import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

@Suite(.ownThreads) struct ProxyHeaderOutTests {
    private static func listener(
        _ header: ProxyProtocolOut, _ proto: ListenerProtocol = .smtp, bind: [BindAddress] = [.freePort]
    ) -> Listener {
        .test(proto, bind: bind, routes: [.toFirst(header: header)])
    }

    @Test(arguments: [ProxyProtocolOut.Version.v1, .v2])
    func `the header comes at once, exactly, although the client says nothing`(version: ProxyProtocolOut.Version) throws
    {
        let mailbox = try TestListener()
        try withEngine(listeners: [Self.listener(.init(version))], upstreams: [.test(mailbox.address)]) { edge in
            let pair = try Pair(edge, mailbox, from: .v4(0x7f00_0005))
            let client = try #require(pair.client.address)
            let destination = try edge.address()
            let expected =
                version == .v1
                ? Array("PROXY TCP4 127.0.0.5 127.0.0.1 \(client.port) \(destination.port)\r\n".utf8)
                : signature + [0x21, 0x11, 0, 12, 127, 0, 0, 5, 127, 0, 0, 1] + ports(client.port, destination.port)
            #expect(try pair.upstream.receive(exactly: expected.count) == expected)
            #expect(version == .v1 || expected.count == 28)
            try pair.exchange()
            try pair.finish()
            let record = try edge.nextRecord()
            #expect(record.inboundBytes == 1)
            #expect(record.client == client)
        }
    }

    @Test func `a hello that was looked at follows its header in the same segment`() throws {
        let mailbox = try TestListener()
        let named = Route.toFirst(.name("mail.example.org"), header: .init(.v2))
        try withEngine(listeners: [.test(.https, routes: [named])], upstreams: [.test(mailbox.address)]) { edge in
            let hello = ClientHelloBuilder(serverName: "mail.example.org").bytes
            for _ in 0..<20 {
                let client = try edge.connect()
                try client.send(hello)
                let pair = Pair(client: client, upstream: try mailbox.accept())
                // Kept back from its segment, the hello would come by itself 200 ms later.
                #expect(Array(try pair.upstream.receive(atMost: 4096).dropFirst(28)) == hello)
                try pair.exchange()
                try pair.finish()
            }
            _ = try edge.records(20)
        }
    }

    @Test func `each endpoint gets the header that it expects`() throws {
        let mailboxes = try (0..<3).map { _ in try TestListener() }
        var upstream = Upstream(
            name: "test", endpoints: try mailboxes.map { .test(try $0.address) }, policy: .roundRobin)
        upstream.proxyProtocol = ProxyProtocolOut(.v2)
        upstream.endpoints[1].proxyProtocol = ProxyProtocolOut(.none)
        upstream.endpoints[2].proxyProtocol = ProxyProtocolOut(.v1)
        let route = Route(to: .upstream(Upstream.testName(0), port: nil))
        try withEngine(listeners: [.test(.imap, routes: [route])], upstreams: [upstream]) { edge in
            for number in [0, 1, 2, 0, 1, 2] {
                let client = try edge.connect()
                let mailbox = try mailboxes[number].accept()
                if number != 1 {
                    #expect(try mailbox.receiveHeader().header.version == (number == 0 ? .v2 : .v1))
                }
                let pair = Pair(client: client, upstream: mailbox)
                try pair.exchange()
                try pair.finish()
                #expect(try edge.nextRecord().inboundBytes == 1)
            }
        }
    }

    @Test func `a backup that knows of no header gets none, though the mailbox that is away has one`() throws {
        let backup = try TestListener()
        var upstream = try Upstream.test(closedAddress(), backup.address)
        upstream.proxyProtocol = ProxyProtocolOut(.v2)
        upstream.endpoints[1].isBackup = true
        upstream.endpoints[1].proxyProtocol = ProxyProtocolOut(.none)
        let route = Route(to: .upstream(Upstream.testName(0), port: nil))
        try withEngine(listeners: [.test(.smtp, routes: [route])], upstreams: [upstream]) { edge in
            let pair = try Pair(edge, backup)
            try pair.exchange()
            try pair.finish()
            #expect(try edge.nextRecord().endpoint == 1)
        }
    }

    @Test(arguments: [ProxyProtocolOut.Version.v1, .v2])
    func `an IPv6 client is named as such`(version: ProxyProtocolOut.Version) throws {
        let mailbox = try TestListener()
        let bind = BindAddress.internet(InternetAddress(.loopbackV6, port: 0))
        try withEngine(
            listeners: [Self.listener(.init(version), bind: [bind])], upstreams: [.test(mailbox.address)]
        ) { edge in
            let pair = try Pair(edge, mailbox)
            let client = try #require(pair.client.address)
            let destination = try edge.address()
            let loopback: [UInt8] = [UInt8](repeating: 0, count: 15) + [1]
            let expected =
                version == .v1
                ? Array("PROXY TCP6 ::1 ::1 \(client.port) \(destination.port)\r\n".utf8)
                : signature + [0x21, 0x21, 0, 36] + loopback + loopback + ports(client.port, destination.port)
            #expect(try pair.upstream.receive(exactly: expected.count) == expected)
            #expect(version == .v1 || expected.count == 52)
            try pair.finish()
        }
    }

    @Test(arguments: [ProxyProtocolOut.Version.v1, .v2])
    func `an IPv4 client of a socket for both families is an IPv4 client`(version: ProxyProtocolOut.Version) throws {
        let mailbox = try TestListener()
        try withEngine(
            listeners: [Self.listener(.init(version), bind: [.any(port: 0)])], upstreams: [.test(mailbox.address)]
        ) { edge in
            let port = try edge.address().port
            for ip in [IPAddress.loopbackV4, .loopbackV6] {
                let client = try TestSocket.connect(to: InternetAddress(ip, port: port))
                let upstream = try mailbox.accept()
                let address = try #require(client.address)
                let expected = ProxyHeader.Peers.proxied(
                    client: address, destination: InternetAddress(ip, port: port))
                #expect(address.ip == ip)
                #expect(try upstream.receiveHeader().header.peers == expected)
                try Pair(client: client, upstream: upstream).finish()
                #expect(try edge.nextRecord().client == address)
            }
        }
    }

    @Test(arguments: [ProxyProtocolOut.Version.v1, .v2])
    func `a client on a unix socket has no address to tell`(version: ProxyProtocolOut.Version) throws {
        let mailbox = try TestListener()
        let path = freePath()
        try withEngine(
            listeners: [Self.listener(.init(version), bind: [.unix(path: path)])],
            upstreams: [.test(mailbox.address)]
        ) { edge in
            let client = try TestSocket.connect(unixPath: path)
            let upstream = try mailbox.accept()
            let (header, bytes) = try upstream.receiveHeader()
            #expect(header.peers == .local)
            #expect(bytes == (version == .v1 ? Array("PROXY UNKNOWN\r\n".utf8) : signature + [0x20, 0, 0, 0]))
            try Pair(client: client, upstream: upstream).exchange()
            try Pair(client: client, upstream: upstream).finish()
            #expect(try edge.nextRecord().client == nil)
        }
    }

    @Test func `the extensions that the upstream asks for are in the header`() throws {
        let mailbox = try TestListener()
        let wanted = ProxyProtocolOut(.v2, tlvs: [.authority, .alpn, .uniqueID, .crc32c])
        var listener = Self.listener(wanted, .imaps)
        listener.routes[0].match = .name("mail.example.org")
        try withEngine(listeners: [listener], upstreams: [.test(mailbox.address)]) { edge in
            let client = try edge.connect()
            let hello = ClientHelloBuilder(serverName: "Mail.Example.org", alpn: ["imap", "h2"]).bytes
            try client.send(hello)
            let upstream = try mailbox.accept()
            // The parser checks the checksum.
            let (header, bytes) = try upstream.receiveHeader()
            #expect(
                header.peers
                    == .proxied(client: try #require(client.address), destination: try edge.address()))
            #expect(try upstream.receive(exactly: hello.count) == hello)
            try Pair(client: client, upstream: upstream).finish()
            let id = try edge.nextRecord().id
            let found = extensions(of: bytes)
            #expect(found[0x01] == Array("imap".utf8))
            #expect(found[0x02] == Array("mail.example.org".utf8))
            #expect(found[0x05].map { String(decoding: $0, as: UTF8.self) } == hexadecimal(id))
            #expect(found[0x03]?.count == 4)
            #expect(found.count == 4)
        }
    }

    @Test func `what is not known is left out of the header`() throws {
        let mailbox = try TestListener()
        let wanted = ProxyProtocolOut(.v2, tlvs: [.authority, .alpn, .uniqueID])
        try withEngine(listeners: [Self.listener(wanted)], upstreams: [.test(mailbox.address)]) { edge in
            let pair = try Pair(edge, mailbox)
            let found = extensions(of: try pair.upstream.receiveHeader().bytes)
            try pair.finish()
            let id = try edge.nextRecord().id
            #expect(found == [0x05: Array(hexadecimal(id).utf8)])
        }
    }

    @Test func `each connection has an id of its own`() throws {
        let mailbox = try TestListener()
        let wanted = ProxyProtocolOut(.v2, tlvs: .uniqueID)
        try withEngine(
            listeners: [Self.listener(wanted)], upstreams: [.test(mailbox.address)], workers: 2
        ) { edge in
            var told: Set<String> = []
            for _ in 0..<40 {
                let pair = try Pair(edge, mailbox)
                let id = extensions(of: try pair.upstream.receiveHeader().bytes)[0x05] ?? []
                told.insert(String(decoding: id, as: UTF8.self))
                try pair.finish()
            }
            #expect(Set(try edge.records(40).map { hexadecimal($0.id) }) == told)
            #expect(told.count == 40)
        }
    }

    private let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10]

    private func ports(_ first: UInt16, _ second: UInt16) -> [UInt8] {
        [first, second].flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] }
    }

    private func hexadecimal(_ id: UInt64) -> String {
        let digits = String(id, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
