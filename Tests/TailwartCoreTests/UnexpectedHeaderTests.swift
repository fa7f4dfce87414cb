import TailwartCore
import TailwartWire
import Testing

/// A client that begins with a PROXY header where none is taken; whole lives are in ``ConnectionSimulationTests``.
@Suite struct UnexpectedHeaderTests {
    private static let header = Array("PROXY TCP4 192.0.2.7 192.0.2.8 40000 25\r\n".utf8)

    private func topology(_ proto: ListenerProtocol, header: ProxyProtocolOut.Version = .v2) -> Topology {
        Topology(
            Configuration(
                upstreams: [
                    Upstream(
                        name: "mailbox", endpoints: [Endpoint(.address(.v4(0xc000_0201)))],
                        proxyProtocol: ProxyProtocolOut(header))
                ],
                listeners: [
                    Listener(
                        name: "door", bind: [.any(port: 25)], proto: proto,
                        routes: [Route(to: .upstream("mailbox", port: nil))])
                ]), addresses: { _ in [] })
    }

    private func connection(_ topology: Topology, from client: UInt32 = 0xc633_6401) -> Connection {
        let frontend = topology.frontends[0]
        var record = Record(
            taking: .passUnretained(topology), id: 1, acceptedAt: 0, frontend: .passUnretained(frontend))
        record.client = InternetAddress(.v4(client), port: 40_000)
        return Connection(record, door: frontend.doors[0], port: 25, destination: nil, now: 1)
    }

    /// A connection that is relayed, whose upstream has had its header.
    private func relayed(_ topology: Topology, _ around: inout Surroundings) -> Connection {
        var connection = connection(topology)
        _ = connection.begin(&around)
        _ = connection.connectAnswered(.connected, &around)
        if !connection.isRelaying { _ = connection.sent(.sent, &around) }
        return connection
    }

    @Test(arguments: [ListenerProtocol.smtp, .submission, .imap, .pop3, .sieve])
    func `in the words of its protocol it is told to come again, and the place is not blamed`(
        proto: ListenerProtocol
    ) {
        let topology = topology(proto)
        var around = Surroundings(now: 1)
        var connection = relayed(topology, &around)
        let isShown = connection.mustShow(.inbound)
        let mayPass = connection.clientSpoke(Self.header.span)
        #expect(isShown && !mayPass)
        guard case .tell(let words) = connection.headerWasUnexpected(&around) else {
            Issue.record("nothing is told")
            return
        }
        #expect(!words.isEmpty)
        _ = connection.told(true, &around)
        _ = connection.discarded(.over, &around)
        let record = connection.record
        #expect(record.ending == Ending(.edge, .proxyHeaderUnexpected))
        #expect(record.wasRefused && record.inboundBytes == 0)
        #expect(topology.approaches[0].place.takeTraffic().failures == 0)
        #expect(topology.headcount.live == 0)
    }

    @Test func `from the second byte of the client on nothing is looked at, but for what the greeting asks`() {
        let topology = topology(.submissions)
        var around = Surroundings(now: 1)
        var connection = relayed(topology, &around)
        let hello: [UInt8] = [22, 3, 1]
        let before = [connection.mustShow(.inbound), connection.mustShow(.outbound)]
        let mayPass = connection.clientSpoke(hello.span)
        _ = connection.filled(.inbound, hello.count, short: true, now: 1)
        let isShown = connection.mustShow(.inbound)
        #expect(before == [true, false] && mayPass && !isShown)
        _ = connection.stop(&around)
    }

    @Test(arguments: [(ListenerProtocol.tcp, false), (.smtp, true)])
    func `an unknown protocol to which no header is added goes on as it comes`(proto: ListenerProtocol, isShown: Bool) {
        let topology = topology(proto, header: .none)
        var around = Surroundings(now: 1)
        var connection = relayed(topology, &around)
        let found = [connection.isRelaying, connection.mustShow(.inbound)]
        #expect(found == [true, isShown])
        _ = connection.stop(&around)
    }

    @Test(arguments: [ListenerProtocol.smtp, .imaps, .https, .tcp])
    func `whatever the protocol, a suspect that begins so again is not dialled for`(proto: ListenerProtocol) {
        let topology = topology(proto)
        var around = Surroundings(now: 1)
        var first = relayed(topology, &around)
        if case .tell = first.headerWasUnexpected(&around) { _ = first.stop(&around) }

        var second = connection(topology)
        _ = second.begin(&around)
        let action = second.clientPeeked(Self.header.span, isFinal: false, &around)
        switch (proto, action) {
        case (.tcp, .end):
            #expect(second.record.ending == Ending(.edge, .proxyHeaderUnexpected))
        case (_, .tell):
            _ = second.stop(&around)
            #expect(second.record.ending == Ending(.edge, .proxyHeaderUnexpected))
        default: Issue.record("the loop goes on: \(action)")
        }
        #expect(topology.headcount.live == 0)
    }

    @Test func `who has begun so is let begin before anybody is dialled, for a while`() {
        let topology = topology(.smtp)
        var around = Surroundings(now: 1)
        var first = relayed(topology, &around)
        _ = first.headerWasUnexpected(&around)

        var second = connection(topology)
        guard case .peekClient = second.begin(&around) else {
            Issue.record("the upstream is dialled at once")
            return
        }
        guard case .tell = second.clientPeeked(Self.header.span, isFinal: false, &around) else {
            Issue.record("the header is not seen")
            return
        }

        // A client that waits for the greeting gets it, a little later.
        var silent = connection(topology)
        _ = silent.begin(&around)
        guard case .wait(.client, let until) = silent.clientBlocked(&around) else {
            Issue.record("the client's first bytes are not waited for")
            return
        }
        around.now = until
        guard case .connect = silent.timeIsOver(&around) else {
            Issue.record("a silent client is not dialled for")
            return
        }

        var other = connection(topology, from: 0xc633_6402)
        guard case .connect = other.begin(&around) else {
            Issue.record("another client has to wait")
            return
        }
        around.now += Surroundings.suspicion
        var later = connection(topology)
        guard case .connect = later.begin(&around) else {
            Issue.record("the suspicion does not end")
            return
        }
        _ = first.stop(&around)
        _ = second.stop(&around)
        _ = silent.stop(&around)
        _ = other.stop(&around)
        _ = later.stop(&around)
        #expect(topology.headcount.live == 0)
    }
}
