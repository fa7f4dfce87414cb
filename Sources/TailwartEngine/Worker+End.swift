import TailwartCore
import TailwartSystem
import TailwartWire

/// The end of a connection: both legs, everything borrowed, and its record.
extension Worker {
    /// Closes the session and leaves its record; the pointer is dead afterwards.
    mutating func end(_ session: UnsafeMutablePointer<Session>, _ ending: Ending) {
        let index = session.pointee.index
        timers.clear(index)
        if ending.isAbortive {
            session.pointee.client.closeAbortively()
            session.pointee.upstream.closeAbortively()
        } else {
            session.pointee.client.close()
        }
        letGo(session)
        if session.pointee.hasLeft {
            farewells -= 1
        } else {
            leave(session)
        }
        session.pointee.door.takeUnretainedValue().end(
            ending.reason, inbound: session.pointee.inboundBytes, outbound: session.pointee.outboundBytes)
        parts.ring.push(record(of: session, ending))
        sessions.remove(index)
    }

    /// The limits count it no longer.
    func leave(_ session: UnsafeMutablePointer<Session>) {
        session.topology.headcount.leave()
        session.frontend.headcount.leave()
    }

    /// Gives up the upstream, and all that serving the client took.
    mutating func letGo(_ session: UnsafeMutablePointer<Session>) {
        session.pointee.upstream.close()
        session.pointee.upstreamLeg = []
        countLoad(session, -1)
        release(session)
        giveBack(session, .inbound)
        giveBack(session, .outbound)
    }

    /// What a flow still holds: bytes that nobody will take, and a pipe.
    private mutating func giveBack(_ session: UnsafeMutablePointer<Session>, _ direction: Direction) {
        if !session[leftover: direction].isEmpty {
            leftoverBytes -= session.pointee.relay[direction].pending
            session[leftover: direction].free()
        }
        let pipe = session[pipe: direction]
        if pipe != PipePool.none {
            pipes.giveBack(pipe, isEmpty: session.pointee.relay[direction].pending == 0)
            session[pipe: direction] = PipePool.none
        }
    }

    private func record(of session: UnsafeMutablePointer<Session>, _ ending: Ending) -> Record {
        var record = Record(
            taking: session.pointee.topology, id: session.pointee.id, acceptedAt: session.pointee.acceptedAt,
            frontend: session.pointee.frontend)
        record.client = session.pointee.clientAddress
        record.hello = session.pointee.hello
        record.route = session.pointee.route < 0 ? nil : Int(session.pointee.route)
        record.passage = session.pointee.passage
        record.place = session.pointee.place
        record.upstreamAddress = session.pointee.upstreamAddress
        record.inboundBytes = session.pointee.inboundBytes
        record.outboundBytes = session.pointee.outboundBytes
        record.times.toRoute = session.pointee.toRoute == .max ? nil : session.pointee.toRoute
        record.times.toConnect = session.pointee.toConnect == .max ? nil : session.pointee.toConnect
        record.times.toFirstByte = session.pointee.toFirstByte == .max ? nil : session.pointee.toFirstByte
        record.times.total = now - session.pointee.startedAt
        record.ending = ending
        record.wasRefused = session.pointee.wasRefused
        return record
    }

    /// Counts the connection with its place, once, where the policy asks.
    mutating func countLoad(_ session: UnsafeMutablePointer<Session>, _ change: Int) {
        guard session.pointee.isCounted != (change > 0) else { return }
        guard change < 0 || session.passage.backend.policy == .leastConnections else { return }
        session.pointee.isCounted = change > 0
        session.place?.changeLoad(by: change)
    }

    /// Watches a leg for all that matters, edge-triggered.
    ///
    /// Both legs are registered once. Writability is asked for only when a write was refused, since a new socket is always
    /// writable and would report that at once, to no end.
    mutating func register(_ session: UnsafeMutablePointer<Session>, _ side: Side, forWriting: Bool = false) {
        let wanted: Session.Leg = forWriting ? .registeredForWriting : .registered
        let leg = side == .client ? session.pointee.clientLeg : session.pointee.upstreamLeg
        guard !leg.isSuperset(of: wanted) else { return }
        let socket = session.pointee.socket(side)
        let interest: Readiness = forWriting ? .incomingAndWritable : .incoming
        let token = session.token(in: self, side).rawValue
        let error =
            leg.contains(.registered)
            ? epoll.modify(socket.raw, interest, token: token) : epoll.add(socket.raw, interest, token: token)
        if side == .client {
            session.pointee.clientLeg.formUnion(wanted)
        } else {
            session.pointee.upstreamLeg.formUnion(wanted)
        }
        // Only a lack of memory or of watches can be the cause (epoll_ctl(2)): an unwatched session would hang, so its timer ends it.
        // Not here, since callers still hold the pointer.
        if error != nil {
            session.pointee.isDoomed = true
            timers.set(session.pointee.index, at: now)
        }
    }
}

extension Ending {
    /// A leg whose system call failed.
    static func failure(of side: Side, _ error: Errno) -> Ending {
        switch error {
        case .connectionReset, .brokenPipe, .connectionAborted: Ending(side, .reset)
        default: Ending(side, .lost)
        }
    }
}
