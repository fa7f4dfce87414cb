import TailwartCore
import TailwartTesting
import TailwartWire

/// What happens around the worker, one random thing after the other.
extension SimulatedWorker {
    private static let mostSessions = 4

    func run() {
        for _ in 0..<Int.random(in: 100...1500, using: &world.random) {
            happen()
            checkAll()
        }
        windDown()
    }

    private func happen() {
        // Who was closed to without a byte comes again at once, as mail servers do that have another address to try.
        if let last = closedTo, world.oneIn(2) {
            closedTo = nil
            if topology.frontends.first?.proxyProtocolIn == nil { accept(again: last) }
        }
        switch Int.random(in: 0..<16, using: &world.random) {
        case 0: if liveSessions.count < Self.mostSessions, world.oneIn(2) { accept() }
        case 1: advanceClock()
        case 2: if world.oneIn(10) { reconfigure() } else if world.oneIn(40) { closeOne() }
        case 3: if world.oneIn(3) { world.changeTempers() }
        case 4: tendWarm()
        case 5:
            if world.isTroubled() { changeStandings() }
            if world.oneIn(4) { probeTrust() }
        case 6: continueQueued()
        default: if let session = liveSessions.randomElement(using: &world.random) { happen(to: session) }
        }
    }

    var liveSessions: [SimulatedSession] { sessions.filter { !$0.isOver } }

    private func happen(to session: SimulatedSession) {
        let side: Side = Bool.random(using: &world.random) ? .client : .upstream
        guard let leg = session.leg(side) else { return }
        switch Int.random(in: 0..<10, using: &world.random) {
        case 0, 1: leg.peerSends(upTo: 1500, &world.random)
        case 2, 3: leg.socket.peerReads(upTo: 1500, &world.random)
        case 4: if world.oneIn(2) { leg.peerFinishes() }
        case 5: if world.isTroubled(2) { leg.fails(world.oneIn(3) ? .timedOut : .reset) }
        case 6: if world.isTroubled(2) { announce(leg) }
        default: deliver(session, side)
        }
    }

    /// Urgent data, which is no part of the stream.
    private func announce(_ leg: SimulatedLeg) {
        leg.mustReadToEnd = true
        leg.socket.readableEdge = true
    }

    // MARK: - clients

    /// - Parameter again: who came before.
    private func accept(again: IPAddress? = nil) {
        guard let frontend = topology.frontends.first, let door = frontend.doors.first else { return }
        accepted += 1
        let isTrusted =
            frontend.proxyProtocolIn?.others == .close ? !world.isTroubled() : world.oneIn(2)
        let bringsHeader = frontend.proxyProtocolIn.map { isTrusted || $0.others == .close } ?? false
        let someAddress = IPAddress.v4(
            (isTrusted ? 0xc633_6400 : 0xc000_0200) | UInt32.random(in: 1...8, using: &world.random))
        let socketAddress = InternetAddress(again ?? someAddress, port: 40_000)
        var script: [UInt8] = []
        var clientAddress = socketAddress
        if bringsHeader {
            clientAddress = InternetAddress(.v4(0x0a01_0203), port: 51_000)
            script += Array(
                (world.isTroubled() ? "PROXY nonsense\r\n" : "PROXY TCP4 10.1.2.3 203.0.113.2 51000 25\r\n").utf8)
        }
        let beginsWithHeader = !bringsHeader && world.isTroubled()
        if beginsWithHeader { script += Array("PROXY TCP4 10.1.2.3 203.0.113.2 51000 25\r\n".utf8) }
        if frontend.mayPeek, !world.isTroubled() {
            let name = ["mail.example.org", "other.example.org"].randomElement(using: &world.random)
            script += ClientHelloBuilder(serverName: name, alpn: world.oneIn(2) ? ["h2"] : []).bytes
        } else if frontend.mayPeek, world.oneIn(2) {
            // A handshake record whose message is no ClientHello.
            script += [22, 3, 1, 0, 4, 2, 0, 0, 0]
        }
        if frontend.listener.proto == .smtp, world.oneIn(2) { script += Array("EHLO client.example.net\r\n".utf8) }
        if !world.isTroubled() { script += someBytes(longest: world.oneIn(4) ? 12_000 : 600) }
        let leg = SimulatedLeg(script: script, sendQueue: Int.random(in: 60...900, using: &world.random))
        leg.waitsForGreeting =
            frontend.listener.proto.firstSpeaker == .server && !bringsHeader && !beginsWithHeader
            && world.oneIn(2)
        var record = Record(retaining: topology, id: UInt64(accepted), acceptedAt: 0, frontend: frontend)
        record.client = socketAddress
        let connection = Connection(record, door: door, port: 25, destination: nil, now: around.now)
        let session = SimulatedSession(
            connection, number: accepted, client: open(leg), clientAddress: clientAddress)
        session.beginsWithHeader = beginsWithHeader
        sessions.append(session)
        perform(session) { session.connection.begin(&around) }
    }

    private func someBytes(longest: Int) -> [UInt8] {
        (0..<Int.random(in: 0...longest, using: &world.random)).map { _ in
            UInt8.random(in: 0...255, using: &world.random)
        }
    }

    // MARK: - upstreams

    /// Whoever answers a dial, and what the connect says.
    ///
    /// - Parameter client: whom the header names; nil if there is none.
    func makeLeg(
        _ dialled: Dialled, _ proto: ListenerProtocol, hasHeader: Bool, for client: InternetAddress? = nil
    ) -> (SimulatedLeg, ConnectAnswer) {
        let speech = SimulatedMailbox.Speech(
            proto, hasHeader: hasHeader, payload: someBytes(longest: world.oneIn(4) ? 12_000 : 600) + [1])
        switch dialled {
        case .internet(SimulatedWorld.proxy): return makeWayLeg([([5, 0], 3), (reply, nil)], speech)
        case .unix:
            let answer = Array(
                (world.isTroubled() ? "HTTP/1.1 502 Bad Gateway\r\n\r\n" : "HTTP/1.1 101 Switching\r\n\r\n").utf8)
            return makeWayLeg([(answer, nil)], speech)
        case .internet(let address):
            let mailbox = world.mailbox(at: address)
            world.mailboxes[address] = mailbox
            let isBanned = if case .v4(let bits) = client?.ip { bits & 1 == 1 } else { false }
            return mailbox.dialled(by: &world, saying: speech, isBanned: hasHeader && isBanned)
        }
    }

    /// RFC 1928 section 6.
    private var reply: [UInt8] {
        if world.isTroubled() { return [5, 5, 0, 1, 0, 0, 0, 0, 0, 0] }
        return world.oneIn(2) ? [5, 0, 0, 1, 127, 0, 0, 1, 4, 56] : [5, 0, 0, 3, 2, 97, 98, 4, 56]
    }

    /// A leg to who stands on the way: each answer comes when the question is there, and may be cut anywhere.
    private func makeWayLeg(_ answers: [(bytes: [UInt8], question: Int?)], _ speech: SimulatedMailbox.Speech)
        -> (SimulatedLeg, ConnectAnswer)
    {
        var script: [UInt8] = []
        var gates: [(received: Int, mayHaveSent: Int)] = []
        var received = 0
        for answer in answers {
            received += answer.question ?? 4
            gates.append((received, script.count))
            script += answer.bytes
        }
        if world.isTroubled() { script = Array(script.prefix(Int.random(in: 0...script.count, using: &world.random))) }
        let isTorn = script.count < answers.reduce(0) { $0 + $1.bytes.count }
        let greetingEnd = script.count + speech.greeting.count
        let answersHeader = !isTorn && world.isTroubled() && !speech.answers.isEmpty
        if !isTorn { script += speech.greeting + (answersHeader ? speech.answers : speech.payload) }
        let leg = SimulatedLeg(script: script, sendQueue: 2000)
        leg.gates = gates
        leg.answersHeader = answersHeader
        if !isTorn, !speech.greeting.isEmpty { leg.greetingEnd = greetingEnd }
        if world.oneIn(2) { return (leg, .connected) }
        leg.isConnecting = true
        leg.answer = world.isTroubled() ? .failed(.refused) : .connected
        return (leg, .inProgress)
    }

    /// Sockets are connected before clients come, and die while they wait.
    private func tendWarm() {
        for index in warm.indices where world.isTroubled() {
            if Bool.random(using: &world.random) { warm[index].leg.socket.peerResets() } else { die(warm[index].leg) }
        }
        for approach in topology.approaches where approach.backend.upstream.warm > 0 {
            guard warm.count < 4, !approach.headers.contains(.none), let number = approach.addresses.next(besides: 0),
                let proto = topology.frontends.first?.listener.proto
            else { continue }
            let dialled = approach.addresses[number].dialled(doorPort: 25)
            let (leg, answer) = makeLeg(dialled, proto, hasHeader: true)
            guard answer == .connected else { continue }
            warm.append((approach.place.key, dialled, open(leg)))
        }
    }

    /// The mailbox gives up a socket that waits; the script that is left will never come.
    private func die(_ leg: SimulatedLeg) {
        leg.socket.abandonScript()
        leg.socket.peerFinishes()
    }

    /// Probes find out who trusts the header again.
    private func probeTrust() {
        for address in topology.approaches.flatMap(\.addresses) where address.distrustsHeader && world.oneIn(2) {
            address.trustsAgain()
            regained.insert(ObjectIdentifier(address))
        }
    }

    private func changeStandings() {
        for approach in topology.approaches {
            let isUnhealthy = world.oneIn(2)
            approach.place.setUnhealthy(isUnhealthy)
            guard isUnhealthy, world.oneIn(3) else { continue }
            for session in liveSessions
            where session.connection.isRelaying
                && session.connection.record.place?.takeUnretainedValue() === approach.place
            {
                perform(session) { failed(session) { session.connection.placeTurnedUnhealthy(&$0) } }
            }
        }
    }

    // MARK: - the kernel's reports

    func deliver(_ session: SimulatedSession, _ side: Side) {
        guard let leg = session.leg(side), leg.isConnecting || leg.socket.readableEdge || leg.socket.writableEdge else {
            return
        }
        if leg.isConnecting { return answerConnect(session, leg) }
        let (readable, writable) = (leg.socket.readableEdge, leg.socket.writableEdge)
        (leg.socket.readableEdge, leg.socket.writableEdge) = (false, false)
        if leg.socket.isReset || (leg.socket.peerHasFinished && readable) { leg.mustReadToEnd = true }
        if !session.connection.isRelaying {
            if leg.socket.isReset, side == .client {
                perform(session) { session.connection.clientFailed(leg.fault, &around) }
            } else if side == .client {
                perform(session) { session.connection.clientIsReady() }
            } else {
                perform(session) { session.connection.upstreamIsReady() }
            }
        }
        relayIsReady(session, side, leg, readable: readable, writable: writable)
    }

    private func answerConnect(_ session: SimulatedSession, _ leg: SimulatedLeg) {
        guard let answer = leg.answer else { return }
        leg.isConnecting = false
        perform(session) { session.connection.connectAnswered(answer, &around) }
        relayIsReady(session, .upstream, leg, readable: leg.socket.readableEdge, writable: false)
    }

    /// A report on a leg that was replaced reaches nobody.
    private func relayIsReady(
        _ session: SimulatedSession, _ side: Side, _ leg: SimulatedLeg, readable: Bool, writable: Bool
    ) {
        func isCurrent() -> Bool { !session.isOver && session.connection.isRelaying && session.leg(side) === leg }
        let outgoing: Direction = side == .client ? .inbound : .outbound
        if writable, isCurrent() {
            session.connection.sinkBecameWritable(outgoing.opposite)
            relay(session, outgoing.opposite)
        }
        if readable, isCurrent() {
            session.connection.sourceBecameReadable(outgoing)
            relay(session, outgoing)
        }
        if leg.socket.isReset, isCurrent() {
            perform(session) { failed(session) { session.connection.legFailed(side, leg.fault, &$0) } }
        }
    }

    private func continueQueued() {
        for session in liveSessions {
            for direction in session.queued where session.connection.isRelaying {
                session.queued.remove(direction)
                relay(session, direction)
            }
        }
    }

    // MARK: - time

    private func advanceClock() {
        // Now and then to a deadline, where deadlines are part of the trouble.
        let timers = liveSessions.compactMap(\.timer).filter { $0 > world.now }
        let next = world.oneIn(2) ? timers.min() : timers.max()
        let step =
            world.isTroubled()
            ? (next ?? world.now + 1) - world.now : UInt64.random(in: 1...20_000, using: &world.random)
        world.now += step
        around.now = world.now
        for session in liveSessions {
            guard let timer = session.timer, timer <= world.now || world.oneIn(20) else { continue }
            // A timer fires once, and perhaps early.
            session.timer = nil
            perform(session) { session.connection.timeIsOver(&around) }
        }
    }

    /// The operator wants one closed.
    private func closeOne() {
        guard let session = liveSessions.randomElement(using: &world.random), !session.isOver else { return }
        perform(session) { session.connection.stop(&around, because: .closedByOperator) }
    }

    /// The edge stops, and all is given back.
    private func windDown() {
        for session in liveSessions where !session.isOver {
            perform(session) { session.connection.stop(&around) }
            checkAll()
        }
        for spare in warm { close(spare.leg, abortive: false) }
        warm = []
        checkAtEnd()
    }
}
