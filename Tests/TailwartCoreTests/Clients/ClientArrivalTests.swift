import TailwartCore
import TailwartWire
import Testing

/// Who is let in as a connection comes; whole lives are in ``ConnectionSimulationTests``.
@Suite struct ClientArrivalTests {
    private static let client = IPAddress.v4(0xc633_6401)
    private static let neighbour = IPAddress.v4(0xc633_6402)
    private static let stranger = IPAddress.v4(0xcb00_7101)
    private static let second: UInt64 = 1_000_000

    private func topology(
        _ proto: ListenerProtocol = .smtp, limits: ListenerLimits? = nil, of edge: LimitSettings? = LimitSettings()
    ) -> Topology {
        Topology(
            Configuration(
                limits: edge,
                upstreams: [
                    Upstream(
                        name: "mailbox", endpoints: [Endpoint(.address(.v4(0xc000_0201)))],
                        proxyProtocol: ProxyProtocolOut(.v2))
                ],
                listeners: [
                    Listener(
                        name: "door", bind: [.any(port: 25)], proto: proto,
                        routes: [
                            Route(
                                match: proto.firstSpeaker == .client ? RouteMatch(alpn: ["h2"]) : nil,
                                to: .upstream("mailbox", port: nil))
                        ], limits: limits)
                ]), addresses: { _ in [] })
    }

    private func connection(_ topology: Topology, from client: IPAddress, now: UInt64 = second) -> Connection {
        let frontend = topology.frontends[0]
        var record = Record(
            taking: .passUnretained(topology), id: 1, acceptedAt: 0, frontend: .passUnretained(frontend))
        record.client = InternetAddress(client, port: 40_000)
        return Connection(record, door: frontend.doors[0], port: 25, destination: nil, now: now)
    }

    /// How a connection is met: nil where it is dialled for or waited for, else why not and whether it is told.
    private func met(_ connection: inout Connection, _ around: inout Surroundings) -> (CloseReason, isTold: Bool)? {
        switch connection.begin(&around) {
        case .tell:
            _ = connection.told(true, &around)
            _ = connection.discarded(.over, &around)
            return (connection.record.ending.reason, true)
        case .end: return (connection.record.ending.reason, false)
        default: return nil
        }
    }

    private func meeting(_ topology: Topology, _ client: IPAddress, _ around: inout Surroundings) -> CloseReason? {
        var connection = connection(topology, from: client, now: around.now)
        let reason = met(&connection, &around)?.0
        _ = connection.stop(&around)
        return reason
    }

    @Test func `who is over its limit is told, its neighbours are served, and one that leaves makes room`() {
        let topology = topology(limits: ListenerLimits(concurrent: 1), of: LimitSettings(wide: nil))
        var around = Surroundings(now: Self.second)
        var first = connection(topology, from: Self.client)
        var second = connection(topology, from: Self.client)
        var other = connection(topology, from: Self.neighbour)
        let reasons = [met(&first, &around)?.0, met(&second, &around)?.0, met(&other, &around)?.0]
        #expect(reasons == [nil, .clientLimit, nil])
        #expect(second.record.wasRefused)
        _ = first.stop(&around)
        var third = connection(topology, from: Self.client)
        let last = met(&third, &around)?.0
        #expect(last == nil)
        _ = third.stop(&around)
        _ = other.stop(&around)
        #expect(topology.clients?.connections == 0)
    }

    @Test func `a neighbourhood has so many times as much as one client`() {
        let topology = topology(
            limits: ListenerLimits(rate: .init(1, per: .seconds(60)), burst: 1),
            of: LimitSettings(wide: .init(.init(v4: 24, v6: 48), factor: 3)))
        var around = Surroundings(now: Self.second)
        let reasons = (1...5 as ClosedRange<UInt32>).map { meeting(topology, .v4(0xc633_6400 | $0), &around) }
        #expect(reasons == [nil, nil, nil, .clientRate, .clientRate])
        #expect(meeting(topology, Self.stranger, &around) == nil)
    }

    @Test func `the first of a flood are told, then one in a second, and the others get a reset`() {
        let topology = topology(limits: ListenerLimits(rate: .init(1, per: .seconds(3600)), burst: 1))
        var around = Surroundings(now: Self.second)
        #expect(meeting(topology, Self.client, &around) == nil)
        var told: [Bool] = []
        for _ in 0..<8 {
            var connection = connection(topology, from: Self.client)
            if let met = met(&connection, &around) { told.append(met.isTold) }
        }
        #expect(told == [true, true, true, true, true, false, false, false])
        around.now += Self.second
        for expected in [true, false] {
            var connection = connection(topology, from: Self.client)
            let isTold = met(&connection, &around)?.isTold
            #expect(isTold == expected)
        }
    }

    @Test(arguments: [("10.1.2.3", true), ("127.0.0.1", true), ("100.64.0.9", true), ("198.51.100.1", false)])
    func `limits that nobody wrote are not for addresses behind which there may be everybody`(
        text: String, isLetIn: Bool
    ) throws {
        let client = try #require(IPAddress(text))
        var around = Surroundings(now: Self.second)
        let usual = topology()
        let reasons = (0..<200).map { _ in meeting(usual, client, &around) }
        #expect(reasons.contains(.clientRate) == !isLetIn)
        let written = topology(limits: ListenerLimits(rate: .init(1, per: .seconds(60)), burst: 1))
        #expect(meeting(written, client, &around) == nil)
        #expect(meeting(written, client, &around) == .clientRate)
        #expect((0..<200).allSatisfy { _ in meeting(topology(of: nil), client, &around) == nil }, "limits: off")
    }

    @Test func `whoever has to be waited for counts as pending, until it has said what it wants`() {
        let topology = topology(.https, of: LimitSettings(pending: .init(total: 3, perClient: 2)))
        var around = Surroundings(now: Self.second)
        /// - Returns: why it is turned away; nil if it is waited for.
        func wait(_ connection: inout Connection) -> CloseReason? {
            _ = connection.begin(&around)
            guard case .end(abortive: true) = connection.clientBlocked(&around) else { return nil }
            return connection.record.ending.reason
        }
        var first = connection(topology, from: Self.client)
        var second = connection(topology, from: Self.client)
        var third = connection(topology, from: Self.client)
        var other = connection(topology, from: Self.stranger)
        var last = connection(topology, from: Self.neighbour)
        let ofOne = [wait(&first), wait(&second), wait(&third)]
        #expect(ofOne == [nil, nil, .pendingLimit])
        let ofAll = [wait(&other), wait(&last)]
        #expect(ofAll == [nil, .pendingLimit])
        #expect(topology.pendingCount == 3)
        // It says something, if nothing good.
        _ = first.clientPeeked([0x16, 3, 1, 0, 0].span, isFinal: false, &around)
        #expect(topology.pendingCount == 2)
        _ = second.stop(&around)
        _ = other.stop(&around)
        #expect(topology.pendingCount == 0 && topology.clients?.connections == 0)
    }

    @Test func `lists and bans turn away, and what is trusted comes in`() throws {
        let topology = topology()
        func named(_ text: String, _ name: String) throws -> NamedNetworks {
            NamedNetworks(NetworkTable([(try #require(Network(text)), 0)], seed: (1, 2)), names: [name])
        }
        let list = AccessLists.List("list deny.txt", PackedNetworks([try #require(Network("198.51.100.0/24"))]))
        var around = Surroundings(
            now: Self.second,
            rules: AccessRules(
                trusted: try named("198.51.100.2", "bans.never"), lists: AccessLists([list], seed: (3, 4)),
                bans: try named("203.0.113.0/24", "ban (manual): noise")))
        var denied = connection(topology, from: Self.client)
        var banned = connection(topology, from: Self.stranger)
        let reasons = [met(&denied, &around)?.0, met(&banned, &around)?.0]
        #expect(reasons == [.clientDenied, .clientBanned])
        #expect(RecordLine(denied.record).detail == "list deny.txt")
        #expect(RecordLine(banned.record).detail == "ban (manual): noise")
        denied.record.denial?.release()
        banned.record.denial?.release()
        #expect(meeting(topology, Self.neighbour, &around) == nil)
    }

    @Test(arguments: [
        (ListenerProtocol.smtp, "GET / HTTP/1.1\r\n", true), (.submission, "\u{16}\u{3}\u{1}", true),
        (.smtp, "EHLO mail.example.net\r\n", false), (.smtp, "QU", false), (.imap, "GET / HTTP/1.1\r\n", false),
    ])
    func `what is no SMTP before the banner is a strike, and is passed on all the same`(
        proto: ListenerProtocol, text: String, isStrike: Bool
    ) {
        let topology = topology(proto)
        var around = Surroundings(now: Self.second)
        for isGreeted in [false, true] {
            var connection = connection(topology, from: Self.stranger)
            _ = connection.begin(&around)
            _ = connection.connectAnswered(.connected, &around)
            _ = connection.sent(.sent, &around)
            if isGreeted {
                _ = connection.heard(Array("220 mail.example.org ESMTP\r\n".utf8).span, now: around.now)
                _ = connection.filled(.outbound, 28, short: true, now: around.now)
            }
            let isPassed = connection.clientSpoke(Array(text.utf8).span)
            #expect(isPassed)
            _ = connection.stop(&around)
            #expect((connection.record.strike == .noSMTP) == (isStrike && !isGreeted))
        }
    }

    @Test func `a client that the mailbox closed to while it serves others is not dialled for, for a moment`() {
        let topology = topology()
        var around = Surroundings(now: Self.second)
        /// - Returns: why it ended; nil if it is served.
        func visit(_ client: IPAddress, isServed: Bool) -> CloseReason? {
            var connection = connection(topology, from: client, now: around.now)
            defer { _ = connection.stop(&around) }
            if let met = met(&connection, &around) { return met.0 }
            _ = connection.connectAnswered(.connected, &around)
            _ = connection.sent(.sent, &around)
            if isServed {
                _ = connection.heard(Array("220 mail.example.org ESMTP\r\n".utf8).span, now: around.now)
                _ = connection.filled(.outbound, 28, short: true, now: around.now)
                _ = connection.clientSpoke(Array("EHLO client.example.net\r\n".utf8).span)
                _ = connection.heard(Array("250 mail.example.org\r\n".utf8).span, now: around.now)
                return nil
            }
            guard case .tell = connection.upstreamLeftNothing(&around) else { return nil }
            return .upstreamEmpty
        }
        #expect(visit(Self.client, isServed: false) == .upstreamEmpty)
        #expect(visit(Self.client, isServed: false) == .upstreamEmpty, "it serves nobody")
        #expect(visit(Self.stranger, isServed: true) == nil)
        around.now += Self.second
        #expect(visit(Self.client, isServed: false) == .upstreamEmpty)
        #expect(visit(Self.client, isServed: false) == .clientBannedUpstream)
        #expect(visit(Self.neighbour, isServed: true) == nil)
        around.now += 2 * Self.second
        #expect(visit(Self.client, isServed: true) == nil, "it is tried again")
        #expect(visit(Self.client, isServed: true) == nil)
    }
}
