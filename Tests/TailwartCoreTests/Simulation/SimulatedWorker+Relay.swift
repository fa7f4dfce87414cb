import TailwartCore
import TailwartTesting
import TailwartWire

/// The relay, step by step, as the engine does it.
extension SimulatedWorker {
    func relay(_ session: SimulatedSession, _ direction: Direction) {
        var moved = 0
        while !session.isOver, session.connection.isRelaying {
            let result: Action?
            switch session.connection.step(direction) {
            case .fill(let carrier):
                // A turn is over.
                if moved > 4 * Self.bufferSize {
                    session.queued.insert(direction)
                    return
                }
                if carrier == .pipe, !session.pipesHeld.contains(direction), world.oneIn(4) {
                    session.connection.pipeUnavailable(direction)
                    continue
                }
                if carrier == .pipe { session.pipesHeld.insert(direction) }
                result = fill(session, direction, carrier, &moved)
            case .flush(let carrier):
                result = flush(session, direction, carrier)
            case .shutDownSink:
                check(session.carried[direction]?.isEmpty == true, "half-closed with bytes pending")
                session.leg(direction.sink)?.socket.isShutDown = true
                session.connection.sinkShutDown(direction)
                continue
            case .wait:
                if session.connection.relaying.relay[direction].pending == 0 { session.pipesHeld.remove(direction) }
                return
            case .close(let ending):
                result = session.connection.finished(ending, &around)
            }
            if let result { return perform(session, on: result) }
        }
    }

    private func fill(
        _ session: SimulatedSession, _ direction: Direction, _ carrier: Flow.Carrier, _ moved: inout Int
    ) -> Action? {
        check(session.carried[direction]?.isEmpty == true, "filled before flushed")
        guard let leg = session.leg(direction.source) else { preconditionFailure("no source") }
        let limit = carrier == .buffer ? Self.bufferSize : Self.pipeSize
        let isListening = session.connection.isListening
        let isShown = session.connection.mustShow(direction)
        let kept = isListening && direction == .outbound ? undecided(session) : []
        var bytes: [UInt8] = []
        switch leg.socket.read(upTo: limit - kept.count, whole: carrier == .buffer, into: &bytes, &world.random) {
        case .count(0) where carrier == .pipe, .wouldBlock where carrier == .pipe && leg.mustReadToEnd:
            session.connection.pipeUnavailable(direction)
        case .count(0) where !kept.isEmpty:
            session.connection.heardAll()
            notePraiseOfListening(session)
            filled(session, direction, kept, short: false)
        case .count(0):
            if direction == .outbound, session.connection.mustKnowWhetherClientLeft,
                session.client.socket.peek(upTo: 1) != []
            {
                return failed(session) { session.connection.upstreamLeftNothing(&$0) }
            }
            if let deadline = session.connection.sourceEnded(direction, now: around.now) { session.timer = deadline }
            if isListening { notePraiseOfListening(session) }
        case .count(let count):
            moved += count
            let isShort = carrier == .buffer && kept.count + count < limit && !leg.mustReadToEnd
            guard isShown else {
                filled(session, direction, bytes, short: isShort)
                return nil
            }
            guard direction == .outbound else {
                let before = Int(session.connection.record.inboundBytes)
                guard session.connection.clientSpoke(bytes.span) else {
                    check(
                        before < "PROXY ".utf8.count && session.beginsWithHeader,
                        "a client was accused of a PROXY header")
                    leg.overhead += bytes.count
                    session.mayBeToldBehindGreeting = true
                    return session.connection.headerWasUnexpected(&around)
                }
                check(
                    !session.beginsWithHeader || before + bytes.count < "PROXY ".utf8.count,
                    "a PROXY header was passed on")
                if isListening { notePraiseOfListening(session) }
                filled(session, direction, bytes, short: isShort)
                return nil
            }
            return heard(session, leg, kept + bytes, short: isShort)
        case .wouldBlock:
            session.connection.fillBlocked(direction)
        case .reset:
            return failed(session) { session.connection.legFailed(direction.source, leg.fault, &$0) }
        }
        return nil
    }

    private func filled(_ session: SimulatedSession, _ direction: Direction, _ bytes: [UInt8], short: Bool) {
        session.carried[direction] = bytes
        let isFirst = direction == .outbound && session.connection.record.outboundBytes == 0
        if isFirst, !session.connection.isListening { notePraise(session, bytes.count) }
        _ = session.connection.filled(direction, bytes.count, short: short, now: around.now)
    }

    // MARK: - the greeting

    private func heard(_ session: SimulatedSession, _ leg: SimulatedLeg, _ bytes: [UInt8], short: Bool) -> Action? {
        // A client that will never speak takes nothing for an answer; and late words are the server's own.
        let isExpected =
            session.connection.relaying.relay.isHalfClosed
            || around.now - session.connection.relaying.lastActivity > 10_000_000
        guard let passed = session.connection.heard(bytes.span, now: around.now) else {
            check(leg.answersHeader, "a mailbox that trusts the header was accused")
            session.mayBeToldBehindGreeting = true
            session.beginRound()
            return session.connection.headerWasAnswered(&around)
        }
        notePraiseOfListening(session)
        if passed > 0 {
            filled(session, .outbound, Array(bytes.prefix(passed)), short: short)
        } else if short {
            session.connection.fillBlocked(.outbound)
        }
        let record = session.connection.record
        check(
            !leg.answersHeader || record.inboundBytes > 0 || isExpected
                || Int(record.outboundBytes) <= (leg.greetingEnd ?? 0) - leg.overhead,
            "a client that had said nothing got an answer to the header")
        return nil
    }

    private func undecided(_ session: SimulatedSession) -> [UInt8] {
        var memory = [UInt8](repeating: 0, count: GreetingReader.maximumUndecided)
        var span = memory.mutableSpan
        session.connection.writeUndecided(into: &span)
        return Array(memory.prefix(session.connection.undecidedCount))
    }

    /// Praises a place whose greeting came before its client spoke, when it is looked at no longer.
    private func notePraiseOfListening(_ session: SimulatedSession) {
        let record = session.connection.record
        guard !session.connection.isListening, record.outboundBytes > 0,
            let place = record.place?.takeUnretainedValue().key
        else { return }
        praise[place, default: 0] += 1
    }

    private func flush(_ session: SimulatedSession, _ direction: Direction, _ carrier: Flow.Carrier) -> Action? {
        guard let leg = session.leg(direction.sink) else { preconditionFailure("no sink") }
        let bytes = session.carried[direction, default: []]
        check(
            bytes.count == session.connection.relaying.relay[direction].pending, "the count of pending bytes is wrong")
        switch leg.socket.write(bytes[...], whole: carrier == .buffer, &world.random) {
        case .count(let count):
            session.carried[direction] = Array(bytes.dropFirst(count))
            session.connection.flushed(direction, count, now: around.now)
            if carrier == .buffer, count < bytes.count { session.connection.flushBlocked(direction) }
        case .wouldBlock:
            session.connection.flushBlocked(direction)
        case .reset:
            return failed(session) { session.connection.legFailed(direction.sink, leg.fault, &$0) }
        }
        return nil
    }

    /// A report that may cost the place its good name.
    func failed(_ session: SimulatedSession, _ report: (inout Surroundings) -> Action) -> Action {
        let (before, header) = (session.connection.record, session.connection.header)
        let action = report(&around)
        session.beginRound()
        let isUpstreams: Bool =
            switch action {
            case .connect, .takeWarm, .hold: true
            default: session.connection.decidedEnding?.side == .upstream
            }
        let isTurnedOff = session.connection.decidedEnding?.reason == .upstreamUnhealthy
        if isUpstreams, !isTurnedOff, before.outboundBytes == 0, before.passage != nil,
            header.version == .none, !before.frontend.takeUnretainedValue().mayPeek,
            let place = before.place?.takeUnretainedValue().key
        {
            blame[place, default: 0] += 1
        }
        return action
    }

    private func notePraise(_ session: SimulatedSession, _ count: Int) {
        let record = session.connection.record
        guard count > TLSAlert.length || !record.frontend.takeUnretainedValue().mayPeek,
            let place = record.place?.takeUnretainedValue().key
        else { return }
        praise[place, default: 0] += 1
    }
}
