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
            case .drain(let carrier):
                result = drain(session, direction, carrier)
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
        check(session.carried[direction]?.isEmpty == true, "filled before drained")
        guard let leg = session.leg(direction.source) else { preconditionFailure("no source") }
        let limit = carrier == .buffer ? Self.bufferSize : Self.pipeSize
        var bytes: [UInt8] = []
        switch leg.socket.read(upTo: limit, whole: carrier == .buffer, into: &bytes, &world.random) {
        case .count(0) where carrier == .pipe, .wouldBlock where carrier == .pipe && leg.mustReadToEnd:
            session.connection.pipeUnavailable(direction)
        case .count(0):
            if direction == .outbound, session.connection.mustKnowWhetherClientLeft,
                session.client.socket.peek(upTo: 1) != []
            {
                return failed(session) { session.connection.upstreamLeftNothing(&$0) }
            }
            if let deadline = session.connection.sourceEnded(direction, now: around.now) { session.timer = deadline }
        case .count(let count):
            session.carried[direction] = bytes
            moved += count
            if direction == .outbound, session.connection.record.outboundBytes == 0 { notePraise(session, count) }
            let isShort = carrier == .buffer && count < limit && !leg.mustReadToEnd
            _ = session.connection.filled(direction, count, short: isShort, now: around.now)
        case .wouldBlock:
            session.connection.fillBlocked(direction)
        case .reset:
            return failed(session) { session.connection.legFailed(direction.source, leg.fault, &$0) }
        }
        return nil
    }

    private func drain(_ session: SimulatedSession, _ direction: Direction, _ carrier: Flow.Carrier) -> Action? {
        guard let leg = session.leg(direction.sink) else { preconditionFailure("no sink") }
        let bytes = session.carried[direction, default: []]
        check(
            bytes.count == session.connection.relaying.relay[direction].pending, "the count of pending bytes is wrong")
        switch leg.socket.write(bytes[...], whole: carrier == .buffer, &world.random) {
        case .count(let count):
            session.carried[direction] = Array(bytes.dropFirst(count))
            session.connection.drained(direction, count, now: around.now)
            if carrier == .buffer, count < bytes.count { session.connection.drainBlocked(direction) }
        case .wouldBlock:
            session.connection.drainBlocked(direction)
        case .reset:
            return failed(session) { session.connection.legFailed(direction.sink, leg.fault, &$0) }
        }
        return nil
    }

    /// A report that may cost the place its good name.
    func failed(_ session: SimulatedSession, _ report: (inout Surroundings) -> Action) -> Action {
        let before = session.connection.record
        let action = report(&around)
        let isUpstreams: Bool =
            switch action {
            case .connect, .takeWarm, .hold: true
            default: session.connection.decidedEnding?.side == .upstream
            }
        let isTurnedOff = session.connection.decidedEnding?.reason == .upstreamUnwell
        if isUpstreams, !isTurnedOff, before.outboundBytes == 0, let passage = before.passage?.takeUnretainedValue(),
            passage.header.version == .none, !before.frontend.takeUnretainedValue().mayPeek,
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
