import TailwartCore
import TailwartSystem
import TailwartWire

/// relay: does the steps that ``Connection/step(_:)`` says.
extension Worker {
    mutating func beginRelay(_ session: UnsafeMutablePointer<Session>, until deadline: UInt64) {
        let spokeEarly = session.pointee.client.isRegistered || session.pointee.connection.record.hello != nil
        timers.set(session.pointee.index, at: deadline)
        register(session, .upstream)
        if spokeEarly {
            // What the client has sent so far waits in its socket, and that edge is spent.
            let client = LegReference(session, .client)
            relay(session, .inbound)
            guard isRelayed(client) else { return }
        }
        register(session, .client)
    }

    /// The kernel reports on one of the legs.
    mutating func relayIsReady(_ leg: LegReference, _ readiness: Readiness) {
        let session = leg.session
        let outgoing: Direction = leg.side == .client ? .inbound : .outbound
        if readiness.has(.anythingToWrite) {
            session.pointee.connection.sinkBecameWritable(outgoing.opposite)
            relay(session, outgoing.opposite)
            guard isRelayed(leg) else { return }
        }
        if readiness.has(.anythingToRead) {
            session.pointee.connection.sourceBecameReadable(outgoing)
            relay(session, outgoing)
            guard isRelayed(leg) else { return }
        }
        if readiness.has(.error) {
            // Whatever was to be read has been read; a flow that is blocked would not notice.
            guard let error = session.socket(leg.side).takeError() else { return }
            perform(session, session.pointee.connection.legFailed(leg.side, LegFault(error), &around))
        }
    }

    /// Whether the leg is still there, in a connection that is relayed.
    func isRelayed(_ leg: LegReference) -> Bool {
        sessions.find(leg.token).map { $0.session.isRelaying } ?? false
    }

    /// Moves bytes in one direction until the kernel or the budget says stop.
    private mutating func relay(_ session: UnsafeMutablePointer<Session>, _ direction: Direction) {
        let budgetEnd = session.bytes(direction) + Self.byteBudget
        // Where bytes stand that were just read into the shared buffer; they must not stay there.
        var fresh = 0..<0
        while true {
            let result: Action?
            switch session.pointee.connection.step(direction) {
            case .fill(let carrier):
                guard session.bytes(direction) < budgetEnd else {
                    return enqueue(session, direction)
                }
                result = carrier == .buffer ? fillBuffer(session, direction, &fresh) : fillPipe(session, direction)
            case .flush(let carrier):
                result = carrier == .buffer ? flushBuffer(session, direction, &fresh) : flushPipe(session, direction)
            case .shutDownSink:
                session.socket(direction.sink).shutDownWrite()
                session.pointee.connection.sinkShutDown(direction)
                continue
            case .wait:
                return rest(session, direction, fresh)
            case .close(let ending):
                result = session.pointee.connection.finished(ending, &around)
            }
            if let result { return perform(session, result) }
        }
    }

    /// Nothing to do before the kernel reports: keeps what the sink would not take, and gives back a pipe that is empty.
    private mutating func rest(
        _ session: UnsafeMutablePointer<Session>, _ direction: Direction, _ fresh: Range<Int>
    ) {
        if !fresh.isEmpty {
            session[lane: direction].leftover.keep(UnsafeRawBufferPointer(rebasing: buffer[fresh]))
            leftoverBytes += fresh.count
        }
        if session.pending(direction) > 0 {
            register(session, direction.sink, forWriting: true)
        } else {
            giveBack(session, direction)
        }
    }

    // MARK: - one system call each, and what it means

    private mutating func fillBuffer(
        _ session: UnsafeMutablePointer<Session>, _ direction: Direction, _ fresh: inout Range<Int>
    ) -> Action? {
        guard !session.pointee.connection.isListening else { return fillListening(session, direction, &fresh) }
        let window = readWindow
        switch session.socket(direction.source).receive(window) {
        case .count(0):
            return sourceEnded(session, direction)
        case .count(let count):
            fresh = 0..<count
            let isShort = count < window.count && !session.mustReadToEnd(direction.source)
            filled(session, direction, count, short: isShort)
        case .wouldBlock:
            session.pointee.connection.fillBlocked(direction)
        case .failed(let error):
            return failed(session, direction.source, error)
        }
        return nil
    }

    /// As ``fillBuffer(_:_:_:)``, and shows the bytes before they are passed on.
    private mutating func fillListening(
        _ session: UnsafeMutablePointer<Session>, _ direction: Direction, _ fresh: inout Range<Int>
    ) -> Action? {
        let kept = direction == .outbound ? session.pointee.connection.undecidedCount : 0
        let window = UnsafeMutableRawBufferPointer(rebasing: readWindow[kept...])
        switch session.socket(direction.source).receive(window) {
        case .count(0) where kept > 0:
            writeUndecided(session)
            session.pointee.connection.heardAll()
            fresh = 0..<kept
            filled(session, direction, kept, short: false)
        case .count(0):
            return sourceEnded(session, direction)
        case .count(let count):
            let isShort = count < window.count && !session.mustReadToEnd(direction.source)
            guard direction == .outbound else {
                session.pointee.connection.clientSpoke(bytes(count).span)
                fresh = 0..<count
                filled(session, direction, count, short: isShort)
                return nil
            }
            writeUndecided(session)
            guard let passed = session.pointee.connection.heard(bytes(kept + count).span, now: now) else {
                return session.pointee.connection.headerWasAnswered(&around)
            }
            if passed > 0 {
                fresh = 0..<passed
                filled(session, direction, passed, short: isShort)
            } else if isShort {
                session.pointee.connection.fillBlocked(direction)
            }
        case .wouldBlock:
            session.pointee.connection.fillBlocked(direction)
        case .failed(let error):
            return failed(session, direction.source, error)
        }
        return nil
    }

    private func writeUndecided(_ session: UnsafeMutablePointer<Session>) {
        var span = buffer.bindMemory(to: UInt8.self).mutableSpan
        session.pointee.connection.writeUndecided(into: &span)
    }

    private mutating func sourceEnded(_ session: UnsafeMutablePointer<Session>, _ direction: Direction) -> Action? {
        // The client's own end may wait to be read.
        if direction == .outbound, session.pointee.connection.mustKnowWhetherClientLeft, !clientHasLeft(session) {
            return session.pointee.connection.upstreamLeftNothing(&around)
        }
        if let deadline = session.pointee.connection.sourceEnded(direction, now: now) {
            timers.set(session.pointee.index, at: deadline)
        }
        return nil
    }

    private mutating func fillPipe(_ session: UnsafeMutablePointer<Session>, _ direction: Direction) -> Action? {
        guard let pipe = borrowPipe(session, direction) else {
            session.pointee.connection.pipeUnavailable(direction)
            return nil
        }
        switch pipes[pipe].pointee.fill(from: session.socket(direction.source)) {
        // Data out of band stops a splice as if nothing came next, or, if an end is behind it, as if that did
        // (tcp_splice_read in net/ipv4/tcp.c). Only a read tells, and goes on.
        case .wouldBlock where session.mustReadToEnd(direction.source), .count(0):
            session.pointee.connection.pipeUnavailable(direction)
        case .count(let count):
            session[lane: direction].pipedBytes += Int32(count)
            filled(session, direction, count, short: false)
        case .wouldBlock:
            session.pointee.connection.fillBlocked(direction)
        case .failed(let error):
            return failed(session, direction.source, error)
        }
        return nil
    }

    private mutating func flushBuffer(
        _ session: UnsafeMutablePointer<Session>, _ direction: Direction, _ fresh: inout Range<Int>
    ) -> Action? {
        let isFresh = !fresh.isEmpty
        let pending =
            isFresh ? UnsafeRawBufferPointer(rebasing: buffer[fresh]) : session[lane: direction].leftover.pending
        switch session.socket(direction.sink).send(pending) {
        case .count(let count):
            session.pointee.connection.flushed(direction, count, now: now)
            // A partial send means that the sink's buffer is full (tcp(7)): to ask again would only be told so.
            if count < pending.count { session.pointee.connection.flushBlocked(direction) }
            if isFresh {
                fresh = (fresh.lowerBound + count)..<fresh.upperBound
            } else {
                session[lane: direction].leftover.took(count)
                leftoverBytes -= count
            }
        case .wouldBlock:
            session.pointee.connection.flushBlocked(direction)
        case .failed(let error):
            return failed(session, direction.sink, error)
        }
        return nil
    }

    private mutating func flushPipe(_ session: UnsafeMutablePointer<Session>, _ direction: Direction) -> Action? {
        let lane = session[lane: direction]
        switch pipes[lane.pipe].pointee.flush(Int(lane.pipedBytes), into: session.socket(direction.sink)) {
        case .count(let count):
            session[lane: direction].pipedBytes -= Int32(count)
            session.pointee.connection.flushed(direction, count, now: now)
        case .wouldBlock:
            session.pointee.connection.flushBlocked(direction)
        case .failed(let error):
            return failed(session, direction.sink, error)
        }
        return nil
    }

    private func filled(
        _ session: UnsafeMutablePointer<Session>, _ direction: Direction, _ count: Int, short: Bool
    ) {
        // From now on the kernel's own patience holds, as on a leg that was dialled.
        if session.pointee.connection.filled(direction, count, short: short, now: now) {
            session.pointee.upstream.socket.setUserTimeout(milliseconds: 0)
        }
    }

    private mutating func failed(
        _ session: UnsafeMutablePointer<Session>, _ side: Side, _ error: Errno
    ) -> Action {
        session.pointee.connection.legFailed(side, LegFault(error), &around)
    }

    /// The whole buffer; a page of it while stalled receivers already make the edge hold much.
    private var readWindow: UnsafeMutableRawBufferPointer {
        leftoverBytes < Self.leftoverComfort ? buffer : UnsafeMutableRawBufferPointer(rebasing: buffer[..<4096])
    }

    // MARK: - fairness

    private mutating func enqueue(_ session: UnsafeMutablePointer<Session>, _ direction: Direction) {
        guard !session[lane: direction].isQueued else { return }
        session[lane: direction].isQueued = true
        queue.append(LegReference(session, direction.source).token)
    }

    /// Goes on with the flows that had spent their budget.
    mutating func continueQueued() {
        guard !queue.isEmpty else { return }
        swap(&queue, &spareQueue)
        for index in spareQueue.indices {
            guard let leg = sessions.find(spareQueue[index]) else { continue }
            let direction: Direction = leg.side == .upstream ? .outbound : .inbound
            leg.session[lane: direction].isQueued = false
            guard leg.session.isRelaying else { continue }
            relay(leg.session, direction)
        }
        spareQueue.removeAll(keepingCapacity: true)
    }

    // MARK: - what lanes borrow

    private mutating func borrowPipe(_ session: UnsafeMutablePointer<Session>, _ direction: Direction) -> Int16? {
        if session[lane: direction].pipe != PipePool.none { return session[lane: direction].pipe }
        guard let pipe = pipes.borrow() else { return nil }
        session[lane: direction].pipe = pipe
        return pipe
    }

    /// Bytes that nobody will take, and a pipe.
    mutating func giveBack(_ session: UnsafeMutablePointer<Session>, _ direction: Direction) {
        if !session[lane: direction].leftover.isEmpty {
            leftoverBytes -= session[lane: direction].leftover.count
            session[lane: direction].leftover.free()
        }
        if session[lane: direction].pipe != PipePool.none {
            pipes.giveBack(session[lane: direction].pipe, isEmpty: session[lane: direction].pipedBytes == 0)
            session[lane: direction].pipe = PipePool.none
            session[lane: direction].pipedBytes = 0
        }
    }
}
