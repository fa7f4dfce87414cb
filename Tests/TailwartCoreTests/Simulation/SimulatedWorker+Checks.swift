import TailwartCore
import TailwartTesting
import TailwartWire

/// What must hold after everything that happens.
extension SimulatedWorker {
    func checkAll() {
        let live = liveSessions
        for session in live { checkStreams(session) }
        check(openLegs == warm.count + live.reduce(0) { $0 + ($1.upstream == nil ? 1 : 2) }, "a leg has leaked")
        check(records.count + live.count == sessions.count, "not one record for each connection")
        let farewells = live.count { $0.connection.decidedEnding != nil }
        check(around.farewells == farewells, "\(around.farewells) farewells are counted, not \(farewells)")
        check(topology.headcount.live == live.count - farewells, "the edge's count is wrong")
        let held = live.count { $0.connection.isHeld }
        check(topology.headcount.held == held, "\(topology.headcount.held) are counted as held, not \(held)")
        let share = max(
            1, max(topology.maxConnections, olderTopologies.map(\.maxConnections).max() ?? 0) / Headcount.holdShare)
        check(held <= share, "\(held) are held, more than \(share)")
        checkClients(live.count - farewells)
        checkPlaces()
    }

    /// Who is in is counted once for its network and once for its neighbourhood, and nobody else is.
    private func checkClients(_ inside: Int) {
        let tables = Set((olderTopologies + [topology]).compactMap { $0.clients.map { Table($0) } })
        let counted = tables.reduce(0) { $0 + $1.table.connections }
        let pending = liveSessions.count { $0.connection.isPending }
        check(
            counted <= 2 * inside + pending,
            "\(counted) times a client is counted, of \(inside) and \(pending) that wait")
        check(topology.pendingCount == pending, "\(topology.pendingCount) are counted as pending, not \(pending)")
    }

    func checkAtEnd() {
        check(openLegs == 0, "\(openLegs) legs are left open")
        check(topology.headcount.held == 0 && around.farewells == 0, "somebody is still waiting")
        for topology in olderTopologies + [topology] {
            check(topology.clients?.connections ?? 0 == 0, "a client that left is still counted")
        }
        for place in everyPlace { check(place.load == 0, "\(place.key) keeps a load") }
        checkServedWhereNothingWentWrong()
    }

    /// Every byte once and in order, and nothing beside what belongs there. What was compared before is not compared again.
    private func checkStreams(_ session: SimulatedSession) {
        let client = session.client
        if let upstream = session.upstream {
            upstream.compared = compare(upstream, with: client, "inbound")
            if session.refusals == 0 { client.compared = compare(client, with: upstream, "outbound") }
        } else {
            check(client.payloadSent.isEmpty, "bytes from nowhere")
        }
        check(session.refusals == 0 || client.payloadSent.isEmpty, "bytes behind a farewell")
    }

    /// - Returns: how many bytes of payload are right.
    private func compare(_ sink: SimulatedLeg, with source: SimulatedLeg, _ direction: String) -> Int {
        let received = sink.socket.sent
        let sent = source.socket.script
        let count = received.count - sink.head.count
        guard count > sink.compared else { return sink.compared }
        check(source.overhead + count <= sent.count, "more bytes than were sent \(direction)")
        let isRight = (sink.compared..<count).allSatisfy {
            received[sink.head.count + $0] == sent[source.overhead + $0]
        }
        check(isRight, "bytes went wrong \(direction)")
        return count
    }

    /// A record, at the moment in which its connection ends.
    func checkRecord(_ session: SimulatedSession, abortive: Bool) {
        let record = session.connection.record
        let upstream = session.upstream
        checkStreams(session)
        check(
            record.wasRefused == session.wasTold,
            "a refusal is not in the record")
        guard session.refusals == 0 else { return }
        let outbound = upstream.map { $0.socket.taken - $0.overhead - session.connection.undecidedCount } ?? 0
        check(
            Int(record.outboundBytes) == outbound,
            "\(record.outboundBytes) bytes outbound are recorded, not \(outbound)")
        let inbound = session.client.socket.taken - session.client.overhead
        check(Int(record.inboundBytes) == inbound, "\(record.inboundBytes) bytes inbound are recorded, not \(inbound)")
        if record.ending.reason == .closed, let upstream {
            check(!abortive, "an orderly end is passed on as a reset")
            // Who has closed with a reset did not want the rest.
            check(
                upstream.socket.isReset
                    || upstream.payloadSent.count == session.client.socket.script.count - session.client.overhead,
                "cut inbound")
            check(
                session.client.socket.isReset
                    || session.client.payloadSent.count == upstream.socket.script.count - upstream.overhead,
                "cut outbound")
        }
        if outbound > 0 || inbound > 0, record.ending.reason != .closed {
            check(abortive || upstream == nil, "a torn connection looks finished: \(record.ending)")
        }
    }

    /// The header names the client, and nobody else.
    func checkHeader(_ bytes: [UInt8], _ session: SimulatedSession) {
        guard case .found(let header) = ProxyHeader.parse(bytes.span), header.length == bytes.count else {
            return check(false, "not a PROXY header: \(bytes)")
        }
        guard case .proxied(let client, _) = header.peers else { return check(false, "a header without a client") }
        check(client == session.clientAddress, "the header names \(client), not \(session.clientAddress)")
    }

    private var everyPlace: [Place] {
        var seen: [ObjectIdentifier: Place] = [:]
        for topology in olderTopologies + [topology] {
            for approach in topology.approaches { seen[ObjectIdentifier(approach.place)] = approach.place }
        }
        return Array(seen.values)
    }

    /// Blamed and praised for what the table of endings says, and for nothing else.
    private func checkPlaces() {
        var found: [Place.Key: (successes: Int, failures: Int)] = [:]
        for place in everyPlace {
            let traffic = place.takeTraffic()
            found[place.key, default: (0, 0)].successes += traffic.successes
            found[place.key, default: (0, 0)].failures += traffic.failures
        }
        for (key, traffic) in found {
            check(
                traffic.failures == blame[key, default: 0],
                "\(key) is blamed \(traffic.failures) times, not \(blame[key, default: 0])")
            check(traffic.successes == praise[key, default: 0], "\(key) is praised \(traffic.successes) times")
        }
        blame = [:]
        praise = [:]
    }

    private func checkServedWhereNothingWentWrong() {
        guard world.trouble == 0 else { return }
        for session in sessions {
            let reason = session.connection.record.ending.reason
            let isUpstreams =
                reason.isOfAddress || reason == .headerNotTrusted || reason == .upstreamEmpty || reason == .reset
                || reason == .lost
            check(
                !isUpstreams || session.connection.record.ending.side == .client,
                "nothing went wrong, and yet: \(reason)")
        }
    }

    func check(_ holds: Bool, _ message: @autoclosure () -> String) {
        guard !holds else { return }
        faults.append(message())
        trace?("FAULT \(faults.last ?? "")")
    }
}

/// Told apart by identity.
private struct Table: Hashable {
    let table: ClientTable

    init(_ table: ClientTable) { self.table = table }

    static func == (left: Table, right: Table) -> Bool { left.table === right.table }
    func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(table)) }
}

extension CloseReason {
    /// Whether it is an address that failed.
    var isOfAddress: Bool {
        switch self {
        case .upstreamRefused, .upstreamUnreachable, .connectTimeout, .upstreamProxyFailed: true
        default: false
        }
    }
}
