import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

@Suite(.ownThreads) struct DialTests {
    @Test(arguments: [ProxyProtocolOut.Version.none, .v2])
    func `when one address refuses, the next one is dialled`(version: ProxyProtocolOut.Version) throws {
        let mailbox = try TestListener(lonelyAddress())
        let address = try mailbox.address
        let endpoint = Endpoint.test(named: [lonelyAddress(), lonelyAddress(), address.ip], port: address.port)
        let listener = Listener.test(routes: [.toFirst(header: .init(version))])
        try withEngine(listeners: [listener], upstreams: [Upstream(name: "u", endpoints: [endpoint])]) { edge in
            let pair = try Pair(edge, mailbox)
            if version == .v2 { _ = try pair.upstream.receiveHeader() }
            try pair.exchange()
            try pair.finish()
            let record = try edge.nextRecord()
            #expect(record.upstreamAddress == address)
            #expect(record.endpoint == 0)
        }
    }

    @Test func `an endpoint without addresses is passed over`() throws {
        let mailbox = try TestListener()
        let address = try mailbox.address
        let upstream = Upstream(name: "u", endpoints: [Endpoint.test(named: [], port: 25), .test(address)])
        try withEngine(upstreams: [upstream]) { edge in
            let pair = try Pair(edge, mailbox)
            try pair.finish()
            #expect(try edge.nextRecord().endpoint == 1)
        }
    }

    @Test func `a backup is dialled only when the others fail`() throws {
        let (mailbox, backup) = (try TestListener(), try TestListener())
        let working = Upstream(
            name: "u", endpoints: [.test(try backup.address, isBackup: true), .test(try mailbox.address)])
        let broken = Upstream(
            name: "u", endpoints: [.test(try backup.address, isBackup: true), .test(try closedAddress())])
        for (upstream, target, endpoint) in [(working, mailbox, 1), (broken, backup, 0)] {
            try withEngine(upstreams: [upstream]) { edge in
                let pair = try Pair(edge, target)
                try pair.finish()
                #expect(try edge.nextRecord().endpoint == endpoint)
            }
        }
    }

    @Test(arguments: [ProxyProtocolOut.Version.none, .v1, .v2])
    func `when all refuse, so does the edge`(version: ProxyProtocolOut.Version) throws {
        let upstream = Upstream.test(try closedAddress(), try closedAddress())
        let listener = Listener.test(routes: [.toFirst(header: .init(version))])
        try withEngine(listeners: [listener], upstreams: [upstream]) { edge in
            let client = try edge.connect()
            #expect(try client.receiveToEnd().bytes.isEmpty)
            let record = try edge.nextRecord()
            #expect(record.ending == Ending(.upstream, .upstreamRefused))
            #expect(record.endpoint == 1)
            #expect(record.route == 0)
        }
    }

    @Test func `an upstream without an address is unresolved`() throws {
        let upstream = Upstream(name: "u", endpoints: [Endpoint(.name("mail.example.org"))])
        try withEngine(upstreams: [upstream]) { edge in
            let client = try edge.connect()
            #expect(try client.receiveToEnd().bytes.isEmpty)
            #expect(try edge.nextRecord().ending == Ending(.upstream, .upstreamUnresolved))
        }
    }

    @Test func `an unix socket that is not there has refused`() throws {
        try withEngine(upstreams: [.test(unixPath: freePath())]) { edge in
            let client = try edge.connect()
            #expect(try client.receiveToEnd().bytes.isEmpty)
            let record = try edge.nextRecord()
            #expect(record.ending == Ending(.upstream, .upstreamRefused))
            #expect(record.upstreamAddress == nil)
        }
    }

    @Test(arguments: [ProxyProtocolOut.Version.none, .v2])
    func `an address that does not answer in its time is given up`(version: ProxyProtocolOut.Version) throws {
        let hole = try TestListener()
        let queued = try hole.stopAnswering()
        var upstream = Upstream.test(try hole.address)
        upstream.connectTimeout = .milliseconds(100)
        let listener = Listener.test(routes: [.toFirst(header: .init(version))])
        try withEngine(listeners: [listener], upstreams: [upstream]) { edge in
            let client = try edge.connect()
            #expect(try client.receiveToEnd().bytes.isEmpty)
            #expect(try edge.nextRecord().ending == Ending(.upstream, .connectTimeout))
        }
        #expect(!queued.isEmpty)
    }

    @Test func `behind an address that does not answer, the next one is dialled`() throws {
        let (hole, mailbox) = (try TestListener(), try TestListener())
        let queued = try hole.stopAnswering()
        let upstream = Upstream.test(try hole.address, try mailbox.address)
        let timeouts = Timeouts(connect: .milliseconds(100), idle: .seconds(60))
        try withEngine(listeners: [.test(timeouts: timeouts)], upstreams: [upstream]) { edge in
            let client = try edge.connect()
            try client.send([1, 2, 3])
            let upstream = try mailbox.accept()
            #expect(try upstream.receive(exactly: 3) == [1, 2, 3])
            try Pair(client: client, upstream: upstream).finish()
            #expect(try edge.nextRecord().endpoint == 1)
        }
        #expect(!queued.isEmpty)
    }

    @Test func `a client is held until the upstream appears`() throws {
        let address = try closedAddress()
        var upstream = Upstream.test(address)
        upstream.hold = .seconds(60)
        try withEngine(upstreams: [upstream]) { edge in
            let client = try edge.connect()
            try client.send([1, 2, 3])
            try edge.waitForLive(1)
            let mailbox = try TestListener(address.ip, port: address.port)
            let upstream = try mailbox.accept()
            #expect(try upstream.receive(exactly: 3) == [1, 2, 3])
            try Pair(client: client, upstream: upstream).exchange()
            try Pair(client: client, upstream: upstream).finish()
            #expect(try edge.nextRecord().ending.reason == .closed)
        }
    }

    @Test func `a client that finishes while it is held is served to its end`() throws {
        let address = try closedAddress()
        var upstream = Upstream.test(address)
        upstream.hold = .seconds(60)
        try withEngine(upstreams: [upstream]) { edge in
            let client = try edge.connect()
            try edge.waitForLive(1)
            try client.finish(with: [1, 2, 3])
            let mailbox = try TestListener(address.ip, port: address.port)
            let upstream = try mailbox.accept()
            try receive([1, 2, 3], on: upstream)
            upstream.close()
            try receive([], on: client)
            #expect(try edge.nextRecord().ending == Ending(.client, .closed))
        }
    }

    @Test(arguments: [1, 2])
    func `a quarter of the connections may be held, and who finds no room is refused at once`(workers: Int) throws {
        let address = try closedAddress()
        var upstream = Upstream.test(address)
        upstream.hold = .seconds(60)
        try withEngine(
            listeners: [.test(.smtp)], upstreams: [upstream], workers: workers, maxConnections: 2 * Headcount.holdShare
        ) { edge in
            let held = try (0..<2).map { _ in try edge.connect() }
            try edge.eventually("2 held clients") { edge.topology.headcount.held == 2 ? true : nil }
            for _ in 0..<3 {
                #expect(try edge.connect().receiveToEnd().bytes.starts(with: Array("421 4.3.2 ".utf8)))
                #expect(try edge.nextRecord().ending == Ending(.upstream, .upstreamRefused))
            }
            let mailbox = try TestListener(address.ip, port: address.port)
            for client in held {
                let upstream = try mailbox.accept()
                upstream.close()
                client.close()
            }
            _ = try edge.records(2)
        }
    }

    @Test func `a hold ends with the last failure`() throws {
        var upstream = Upstream.test(try closedAddress())
        upstream.hold = .milliseconds(700)
        try withEngine(upstreams: [upstream]) { edge in
            let client = try edge.connect()
            #expect(try client.receiveToEnd().bytes.isEmpty)
            #expect(try edge.nextRecord().ending == Ending(.upstream, .upstreamRefused))
        }
    }

    @Test func `where neither route nor endpoint names a port, it is the one that the client came to`() throws {
        let mailbox = try TestListener(lonelyAddress())
        let address = try mailbox.address
        let upstream = Upstream(name: "u", endpoints: [Endpoint(.address(address.ip))])
        let bind = BindAddress.internet(InternetAddress(lonelyAddress(), port: address.port))
        try withEngine(listeners: [.test(bind: [bind])], upstreams: [upstream]) { edge in
            try Pair(edge, mailbox).finish()
            #expect(try edge.nextRecord().upstreamAddress == address)
        }
    }

    @Test func `the port of a route stands before the endpoint's`() throws {
        let mailbox = try TestListener(lonelyAddress())
        let address = try mailbox.address
        let upstream = Upstream(name: "u", endpoints: [Endpoint(.address(address.ip), port: 1)])
        let route = Route.to(0, port: address.port)
        try withEngine(listeners: [.test(routes: [route])], upstreams: [upstream]) { edge in
            try Pair(edge, mailbox).finish()
            #expect(try edge.nextRecord().upstreamAddress == address)
        }
    }
}
