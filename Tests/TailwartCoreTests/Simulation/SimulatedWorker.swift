import TailwartCore
import TailwartTesting
import TailwartWire

/// Does what ``Connection`` says, as the engine's worker does, on simulated sockets.
final class SimulatedWorker {
    var world: SimulatedWorld
    var topology: Topology
    /// Those before; connections that came under them go on.
    var olderTopologies: [Topology] = []
    var around: Surroundings
    var sessions: [SimulatedSession] = []
    /// Connected before a client came, with where they lead.
    var warm: [(place: Place.Key, dialled: Dialled, leg: SimulatedLeg)] = []
    var openLegs = 0
    var records: [Record] = []
    var accepted = 0
    /// Told each action, where one wants to see what happened.
    var trace: ((String) -> Void)?
    /// Addresses that trust the header again: a round that began before may have passed them over.
    var regained: Set<ObjectIdentifier> = []
    /// To whom an upstream has just closed without a byte.
    var closedTo: IPAddress?
    /// What did not hold.
    var faults: [String] = []
    /// What places should have been blamed and praised for, by the test's own count.
    var blame: [Place.Key: Int] = [:]
    var praise: [Place.Key: Int] = [:]

    static let bufferSize = 2048
    static let pipeSize = 4096

    init(seed: UInt64) {
        world = SimulatedWorld(seed: seed)
        let addresses = world.addresses
        topology = Topology(world.configuration, edge: "edge.example.net") { addresses[$0] ?? [] }
        around = Surroundings(now: world.now, rules: world.someRules())
    }

    deinit { for record in records { record.release() } }

    func reconfigure() {
        world.reconfigure()
        let addresses = world.addresses
        let proto = topology.frontends.first?.listener.proto
        if world.oneIn(3) { around.rules = world.someRules() }
        olderTopologies.append(topology)
        topology = Topology(
            world.configuration, edge: "edge.example.net", addresses: { addresses[$0] ?? [] }, carrying: topology)
        guard topology.frontends.first?.listener.proto != proto else { return }
        // Whoever waits there speaks the protocol of before.
        for spare in warm { close(spare.leg, abortive: false) }
        warm = []
    }

    func open(_ leg: SimulatedLeg) -> SimulatedLeg {
        openLegs += 1
        return leg
    }

    func close(_ leg: SimulatedLeg, abortive: Bool) {
        check(leg.socket.isOpen, "a leg was closed twice")
        leg.socket.isOpen = false
        leg.wasClosedAbortively = abortive
        openLegs -= 1
    }

    // MARK: - performing

    /// Reports what happened, does what the connection says, reports that, and so on until there is nothing more to do.
    func perform(_ session: SimulatedSession, _ first: () -> Action) { perform(session, on: report(session, first)) }

    /// - Parameter action: the answer to something that was reported already.
    func perform(_ session: SimulatedSession, on action: Action) {
        var action = action
        while let next = performOne(action, session) { action = report(session, next) }
    }

    private func report(_ session: SimulatedSession, _ event: () -> Action) -> Action {
        let wasDialling = session.connection.isDialling
        let place = session.connection.record.place?.takeUnretainedValue().key
        let action = event()
        trace?("\(session.number) \(session.connection.phaseName): \(action)")
        noteGivenUp(action, session, wasDialling: wasDialling, place: place)
        session.failsBlamelessly = false
        return action
    }

    /// Blames the place if it has just been given up, all its addresses having failed.
    private func noteGivenUp(_ action: Action, _ session: SimulatedSession, wasDialling: Bool, place: Place.Key?) {
        guard wasDialling, gaveUpAddress(action, session), let place else { return }
        if case .connect = action, session.connection.record.place?.takeUnretainedValue().key == place { return }
        // What this host lacks is no fault of the place.
        if !session.failsBlamelessly { blame[place, default: 0] += 1 }
        let missed = addresses(of: place, session).filter { address in
            !address.distrustsHeader && !session.tried.contains(address.dialled(doorPort: 25))
                && !regained.contains(ObjectIdentifier(address))
        }
        check(missed.isEmpty, "\(place) was given up without a look at \(missed.count) of its addresses")
    }

    /// Whether the action says that the address which was dialled has failed.
    private func gaveUpAddress(_ action: Action, _ session: SimulatedSession) -> Bool {
        switch action {
        case .connect, .takeWarm, .hold: true
        case .tell, .awaitHello, .end:
            (session.connection.decidedEnding?.reason).map { reason in
                reason.isOfAddress || [.headerNotTrusted, .portLimit, .upstreamBacklog].contains(reason)
            } ?? false
        default: false
        }
    }

    private func addresses(of place: Place.Key, _ session: SimulatedSession) -> [PlaceAddress] {
        guard let passage = session.connection.record.passage?.takeUnretainedValue(),
            let index = passage.places.firstIndex(where: { $0.key == place })
        else { return [] }
        return passage.addresses[index]
    }

    /// Counts the addresses of a place by itself, so that the machine's own count is not believed.
    private func noteDial(_ dialled: Dialled, _ session: SimulatedSession) {
        let place = session.connection.record.place?.takeUnretainedValue().key
        if place != session.triedPlace { session.tried = [] }
        session.triedPlace = place
        session.tried.append(dialled)
        // A short turn and a long one; the same address may stand twice in a resolver's answer.
        let most = 2 * (place.map { addresses(of: $0, session) } ?? []).count { $0.dialled(doorPort: 25) == dialled }
        check(session.tried.count { $0 == dialled } <= most, "\(dialled) was dialled too often in one round")
    }

    /// Does one thing; the answer, if there is one, makes the next action.
    private func performOne(_ action: Action, _ session: SimulatedSession) -> (() -> Action)? {
        switch action {
        case .nothing: return nil
        case .peekClient(let limit): return peekClient(limit, session)
        case .awaitHello:
            dropUpstream(session, isForGood: true)
            return peekClient(TLSAlert.handshakeLength, session)
        case .takeFromClient(let count):
            let isWhole = take(count, from: session.client)
            session.client.overhead += count
            return { session.connection.clientTook(isWhole, &self.around) }
        case .checkClient:
            let hasLeft = session.client.socket.peek(upTo: 1) == [] && !session.client.socket.isReset
            return { session.connection.clientChecked(hasLeft: hasLeft, &self.around) }
        case .takeWarm(let place):
            dropUpstream(session)
            return takeWarm(place?.takeUnretainedValue().key, session)
        case .connect(let dialled, _):
            dropUpstream(session)
            noteDial(dialled, session)
            return connect(dialled, session)
        case .send(let message): return send(message, session)
        case .peekUpstream(let limit): return peekUpstream(limit, session)
        case .takeFromUpstream(let count):
            guard let leg = session.upstream else { preconditionFailure("no leg to take from") }
            let isWhole = take(count, from: leg)
            leg.overhead += count
            return { session.connection.upstreamTook(isWhole, &self.around) }
        case .relay(let until):
            session.timer = until
            for direction in Direction.allCases where !session.isOver && session.connection.isRelaying {
                relay(session, direction)
            }
            return nil
        case .tell(let words):
            if session.connection.decidedEnding?.reason == .upstreamEmpty {
                closedTo = session.connection.record.client?.ip
            }
            dropUpstream(session, isForGood: true)
            check(
                session.client.socket.sent.isEmpty || session.mayBeToldBehindGreeting, "refused behind other bytes")
            session.refusals += 1
            check(session.refusals == 1, "told twice")
            session.wasTold = !session.client.socket.isReset
            if session.wasTold { session.client.socket.sent += words }
            // Behind a greeting too nothing of the upstream may follow.
            session.client.head = session.client.socket.sent
            if session.client.socket.isReset { return { session.connection.told(false, &self.around) } }
            session.client.socket.isShutDown = true
            return { session.connection.told(true, &self.around) }
        case .discard: return discard(session)
        case .keepUpstreamAlive(let until):
            check(!session.isKeptAlive, "keepalive was set twice")
            session.isKeptAlive = true
            session.timer = until
            return nil
        case .hold(let until):
            dropUpstream(session)
            session.beginRound()
            session.timer = until
            return nil
        case .wait(let watch, let until):
            session.timer = until
            check(
                watch == .client || watch == .asBefore || session.upstream != nil, "waits for a leg that is not there")
            return nil
        case .end(let abortive):
            end(session, abortive: abortive)
            return nil
        }
    }

    private func end(_ session: SimulatedSession, abortive: Bool) {
        check(!session.isOver, "ended twice")
        session.isOver = true
        session.timer = nil
        close(session.client, abortive: abortive)
        if let upstream = session.upstream { close(upstream, abortive: abortive) }
        session.carried = [.inbound: [], .outbound: []]
        session.pipesHeld = []
        records.append(session.connection.record)
        checkRecord(session, abortive: abortive)
    }

    /// - Parameter isForGood: whether no other takes its place, so that what the client sent may have gone there.
    private func dropUpstream(_ session: SimulatedSession, isForGood: Bool = false) {
        guard let leg = session.upstream else { return }
        // A reset may follow bytes that did not tell yet whether the client may have them.
        check(
            leg.socket.taken <= leg.overhead + GreetingReader.maximumUndecided || session.mayBeToldBehindGreeting,
            "a leg that has spoken was given up")
        if !isForGood { session.mayBeToldBehindGreeting = false }
        check(isForGood || leg.payloadSent.isEmpty, "a leg with bytes of the client was replaced")
        close(leg, abortive: false)
        session.upstream = nil
        session.isKeptAlive = false
        session.carried = [.inbound: [], .outbound: []]
        session.pipesHeld = []
        session.queued = []
    }

    private func peekClient(_ limit: Int, _ session: SimulatedSession) -> () -> Action {
        let leg = session.client
        if let bytes = leg.socket.peek(upTo: min(limit, Self.bufferSize * 4)) {
            if bytes.isEmpty, leg.socket.isReset { return { session.connection.clientFailed(leg.fault, &self.around) } }
            return { session.connection.clientPeeked(bytes.span, isFinal: leg.mustReadToEnd, &self.around) }
        }
        return { session.connection.clientBlocked(&self.around) }
    }

    private func peekUpstream(_ limit: Int, _ session: SimulatedSession) -> () -> Action {
        guard let leg = session.upstream else { preconditionFailure("no leg to peek at") }
        if let bytes = leg.socket.peek(upTo: min(limit, Self.bufferSize)) {
            if bytes.isEmpty, leg.socket.isReset {
                return { session.connection.upstreamFailed(leg.fault, &self.around) }
            }
            return { session.connection.upstreamPeeked(bytes.span, isFinal: leg.mustReadToEnd, &self.around) }
        }
        return { session.connection.upstreamBlocked() }
    }

    private func take(_ count: Int, from leg: SimulatedLeg) -> Bool {
        var bytes: [UInt8] = []
        return leg.socket.read(upTo: count, whole: true, into: &bytes, &world.random) == .count(count)
    }

    private func takeWarm(_ place: Place.Key?, _ session: SimulatedSession) -> () -> Action {
        guard let index = warm.firstIndex(where: { $0.place == place }) else {
            return { session.connection.warmTaken(nil, &self.around) }
        }
        let spare = warm.remove(at: index)
        session.upstream = spare.leg
        return { session.connection.warmTaken(spare.dialled, &self.around) }
    }

    private func connect(_ dialled: Dialled, _ session: SimulatedSession) -> () -> Action {
        if world.isTroubled(5) {
            let fault = [LegFault.shortage, .noPort, .backlogFull].randomElement(using: &world.random) ?? .shortage
            session.failsBlamelessly = true
            return { session.connection.connectAnswered(.failed(fault), &self.around) }
        }
        let record = session.connection.record
        let (leg, answer) = makeLeg(
            dialled, record.frontend.takeUnretainedValue().listener.proto,
            hasHeader: session.connection.header.version != .none,
            for: record.client)
        session.upstream = open(leg)
        return { session.connection.connectAnswered(answer, &self.around) }
    }

    private func send(_ message: Action.Message, _ session: SimulatedSession) -> () -> Action {
        guard let leg = session.upstream else { preconditionFailure("nobody to send to") }
        if case .proxyHeader = message, session.connection.needsDestination {
            session.connection.learn(destination: InternetAddress(.v4(0xcb00_7102), port: 25))
        }
        var memory = [UInt8](repeating: 0, count: Connection.maximumMessageLength)
        var span = memory.mutableSpan
        let length = session.connection.write(message, into: &span)
        let bytes = Array(memory.prefix(length))
        var answer = SendAnswer.sent
        if leg.socket.isReset {
            answer = .failed(leg.fault)
        } else if leg.isConnecting {
            answer = .blocked
        } else if leg.tearsFirstMessage, length > 1 {
            leg.socket.sent += bytes.prefix(length / 2)
            leg.head += bytes.prefix(length / 2)
            answer = .torn
        } else {
            leg.socket.sent += bytes
            leg.head += bytes
            if case .proxyHeader = message { checkHeader(bytes, session) }
        }
        return { session.connection.sent(answer, &self.around) }
    }

    private func discard(_ session: SimulatedSession) -> () -> Action {
        let leg = session.client
        var bytes: [UInt8] = []
        let answer: DiscardAnswer =
            switch leg.socket.read(upTo: Self.bufferSize, whole: true, into: &bytes, &world.random) {
            case .count(0), .count(Self.bufferSize), .reset: .over
            case .count: leg.mustReadToEnd ? .more : .dry
            case .wouldBlock: .dry
            }
        return { session.connection.discarded(answer, &self.around) }
    }
}
