import TailwartCore
import TailwartSystem
import TailwartWire

/// relay: executes what ``Relay`` decides.
extension Worker {
    /// A connection that lives this long gets keepalive on its upstream leg, in microseconds: as long as the kernel would wait
    /// before its first probe. Short ones never need it, and so never pay the four calls; the client leg inherits it from the
    /// listening socket.
    private static let keepAliveAfter: UInt64 = 60_000_000

    mutating func beginRelay(_ session: UnsafeMutablePointer<Session>) {
        session.pointee.phase = .relay
        release(session)
        session.pointee.toConnect = session.pointee.sinceAccept(now)
        session.pointee.lastActivity = now
        countLoad(session, 1)
        let spokeEarly = session.pointee.clientLeg.contains(.registered) || session.pointee.hello != nil
        timers.set(session.pointee.index, at: now + min(Self.keepAliveAfter, session.allowedSilence.0))
        register(session, .upstream)
        let token = session.token(in: self, .client)
        if spokeEarly {
            // What the client has sent so far waits in its socket, and that edge is spent.
            relay(session, .inbound)
            guard sessions.find(token) != nil else { return }
        }
        register(session, .client)
    }

    /// The kernel reports on one of the legs.
    mutating func relayIsReady(_ session: UnsafeMutablePointer<Session>, _ side: Side, _ readiness: Readiness) {
        let outgoing: Direction = side == .client ? .inbound : .outbound
        let token = session.token(in: self, side)
        if readiness.has(.anythingToWrite) {
            session.pointee.relay[outgoing.opposite].sinkBecameWritable()
            relay(session, outgoing.opposite)
            guard isRelayed(token) else { return }
        }
        if readiness.has(.anythingToRead) {
            session.pointee.relay[outgoing].sourceBecameReadable()
            relay(session, outgoing)
            guard isRelayed(token) else { return }
        }
        if readiness.has(.error) {
            // Whatever was to be read has been read; a flow that is blocked would not notice.
            guard let error = session.pointee.socket(side).takeError() else { return }
            finish(session, .failure(of: side, error))
        }
    }

    /// Whether the session is still there and has not been turned away meanwhile.
    private func isRelayed(_ token: SessionToken) -> Bool { sessions.find(token)?.pointee.phase == .relay }

    /// Ends a relay. A client that has seen nothing of the upstream can still be told that it was not served.
    mutating func finish(_ session: UnsafeMutablePointer<Session>, _ ending: Ending) {
        guard ending.side == .upstream, session.pointee.outboundBytes == 0 else { return end(session, ending) }
        // Behind a header the mailbox may have turned away this client alone, and a client that speaks first may have said nonsense: nobody
        // but the mailbox is to turn a place off for all the others.
        if session.pointee.header.version == .none, !session.frontend.mayPeek {
            session.place?.failed()
        }
        if session.pointee.isWarm, session.pointee.inboundBytes == 0 { return dialAfterWarm(session) }
        turnAway(session, session.frontend.unavailable == .none ? ending : Ending(.upstream, ending.reason.withoutByte))
    }

    /// Moves bytes in one direction until the kernel or the budget says stop.
    mutating func relay(_ session: UnsafeMutablePointer<Session>, _ direction: Direction) {
        let budgetEnd = session[bytes: direction] + Self.byteBudget
        // Where bytes stand that were just read into the shared buffer; they must not stay there.
        var fresh = 0..<0
        while true {
            let failure: Ending?
            switch session.pointee.relay.step(direction) {
            case .fill(let carrier):
                guard session[bytes: direction] < budgetEnd else { return enqueue(session, direction) }
                failure = carrier == .buffer ? fillBuffer(session, direction, &fresh) : fillPipe(session, direction)
            case .drain(let carrier):
                failure = carrier == .buffer ? drainBuffer(session, direction, &fresh) : drainPipe(session, direction)
            case .shutDownSink:
                session.pointee.socket(direction.sink).shutDownWrite()
                session.pointee.relay.sinkShutDown(direction)
                continue
            case .wait:
                if !fresh.isEmpty {
                    session[leftover: direction].keep(UnsafeRawBufferPointer(rebasing: buffer[fresh]))
                    leftoverBytes += fresh.count
                }
                returnPipeIfIdle(session, direction)
                if session.pointee.relay[direction].pending > 0 { register(session, direction.sink, forWriting: true) }
                return
            case .close(let ending):
                return end(session, ending)
            }
            if let failure { return finish(session, failure) }
        }
    }

    // MARK: - one system call each, and what it means for the flow

    private mutating func fillBuffer(
        _ session: UnsafeMutablePointer<Session>, _ direction: Direction, _ fresh: inout Range<Int>
    ) -> Ending? {
        let window = readWindow
        switch session.pointee.socket(direction.source).receive(window) {
        case .count(0):
            if direction == .outbound, session.isLeftWithoutByte { return Ending(.upstream, .upstreamEmpty) }
            sourceEnded(session, direction)
        case .count(let count):
            fresh = 0..<count
            let isShort = count < window.count && !session.mustReadToEnd(direction.source)
            filled(session, direction, count, short: isShort)
        case .wouldBlock:
            session.pointee.relay[direction].fillBlocked()
        case .failed(let error):
            return .failure(of: direction.source, error)
        }
        return nil
    }

    private mutating func fillPipe(_ session: UnsafeMutablePointer<Session>, _ direction: Direction) -> Ending? {
        guard let pipe = borrowPipe(session, direction) else {
            session.pointee.relay[direction].pipeUnavailable()
            return nil
        }
        switch pipes[pipe].pointee.fill(from: session.pointee.socket(direction.source)) {
        // Data out of band stops a splice as if nothing came next, or, if an end is behind it, as if that did
        // (tcp_splice_read in net/ipv4/tcp.c). Only a read tells, and goes on.
        case .wouldBlock where session.mustReadToEnd(direction.source), .count(0):
            session.pointee.relay[direction].pipeUnavailable()
        case .count(let count):
            filled(session, direction, count, short: false)
        case .wouldBlock:
            session.pointee.relay[direction].fillBlocked()
        case .failed(let error):
            return .failure(of: direction.source, error)
        }
        return nil
    }

    private mutating func drainBuffer(
        _ session: UnsafeMutablePointer<Session>, _ direction: Direction, _ fresh: inout Range<Int>
    ) -> Ending? {
        let isFresh = !fresh.isEmpty
        let pending =
            isFresh
            ? UnsafeRawBufferPointer(rebasing: buffer[fresh])
            : session[leftover: direction].pending(session.pointee.relay[direction].pending)
        switch session.pointee.socket(direction.sink).send(pending) {
        case .count(let count):
            drained(session, direction, count)
            // A partial send means that the sink's buffer is full (tcp(7)): to ask again would only be told so.
            if count < pending.count { session.pointee.relay[direction].drainBlocked() }
            if isFresh {
                fresh = (fresh.lowerBound + count)..<fresh.upperBound
            } else {
                session[leftover: direction].took(count, left: pending.count - count)
                leftoverBytes -= count
            }
        case .wouldBlock:
            session.pointee.relay[direction].drainBlocked()
        case .failed(let error):
            return .failure(of: direction.sink, error)
        }
        return nil
    }

    private mutating func drainPipe(_ session: UnsafeMutablePointer<Session>, _ direction: Direction) -> Ending? {
        let pending = session.pointee.relay[direction].pending
        let sink = session.pointee.socket(direction.sink)
        switch pipes[session[pipe: direction]].pointee.drain(pending, into: sink) {
        case .count(let count):
            drained(session, direction, count)
        case .wouldBlock:
            session.pointee.relay[direction].drainBlocked()
        case .failed(let error):
            return .failure(of: direction.sink, error)
        }
        return nil
    }

    /// Counts bytes that were read.
    private mutating func filled(
        _ session: UnsafeMutablePointer<Session>, _ direction: Direction, _ count: Int, short: Bool
    ) {
        session.pointee.relay[direction].filled(count, short: short)
        session.pointee.lastActivity = now
        if direction == .outbound, session.pointee.outboundBytes == 0 {
            session.pointee.toFirstByte = session.pointee.sinceAccept(now)
            noteFirstBytes(session, count)
        }
        session[bytes: direction] += UInt64(count)
    }

    /// The upstream spoke: its place is well. Where the client begins with a hello, an alert alone proves nothing.
    private func noteFirstBytes(_ session: UnsafeMutablePointer<Session>, _ count: Int) {
        if count > TLSAlert.length || !session.frontend.mayPeek {
            session.place?.succeeded()
        }
        // From now on the kernel's own patience holds, as on a leg that was dialled.
        if session.pointee.isWarm { session.pointee.upstream.socket.setUserTimeout(milliseconds: 0) }
    }

    private mutating func drained(_ session: UnsafeMutablePointer<Session>, _ direction: Direction, _ count: Int) {
        session.pointee.relay[direction].drained(count)
        session.pointee.lastActivity = now
    }

    /// The whole buffer; a page of it while stalled receivers already make the edge hold much.
    private var readWindow: UnsafeMutableRawBufferPointer {
        leftoverBytes < Self.leftoverComfort ? buffer : UnsafeMutableRawBufferPointer(rebasing: buffer[..<4096])
    }

    private mutating func sourceEnded(_ session: UnsafeMutablePointer<Session>, _ direction: Direction) {
        let wasHalfClosed = session.pointee.relay.isHalfClosed
        session.pointee.relay.sourceEnded(direction)
        session.pointee.lastActivity = now
        if !wasHalfClosed { timers.set(session.pointee.index, at: now + session.allowedSilence.0) }
    }

    // MARK: - fairness

    private mutating func enqueue(_ session: UnsafeMutablePointer<Session>, _ direction: Direction) {
        guard !session[queued: direction] else { return }
        session[queued: direction] = true
        queue.append(session.token(in: self, direction.source))
    }

    /// Goes on with the flows that had spent their budget.
    mutating func continueQueued() {
        guard !queue.isEmpty else { return }
        swap(&queue, &spareQueue)
        for index in spareQueue.indices {
            let token = spareQueue[index]
            guard let session = sessions.find(token) else { continue }
            let direction: Direction = token.isUpstream ? .outbound : .inbound
            session[queued: direction] = false
            guard session.pointee.phase == .relay else { continue }
            relay(session, direction)
        }
        spareQueue.removeAll(keepingCapacity: true)
    }

    // MARK: - pipes

    private mutating func borrowPipe(_ session: UnsafeMutablePointer<Session>, _ direction: Direction) -> Int16? {
        if session[pipe: direction] != PipePool.none { return session[pipe: direction] }
        guard let pipe = pipes.borrow() else { return nil }
        session[pipe: direction] = pipe
        return pipe
    }

    private mutating func returnPipeIfIdle(_ session: UnsafeMutablePointer<Session>, _ direction: Direction) {
        let pipe = session[pipe: direction]
        guard pipe != PipePool.none, session.pointee.relay[direction].pending == 0 else { return }
        pipes.giveBack(pipe, isEmpty: true)
        session[pipe: direction] = PipePool.none
    }

    // MARK: - deadlines

    /// The session's timer has fired: perhaps early, perhaps a connection was active meanwhile.
    mutating func timerFired(_ session: UnsafeMutablePointer<Session>) {
        switch session.pointee.phase {
        case _ where session.pointee.isDoomed:
            end(session, Ending(.edge, .descriptorLimit))
        case .relay:
            relayTimerFired(session)
        case _ where now < session.pointee.deadline:
            timers.set(session.pointee.index, at: session.pointee.deadline)
        case .proxyHeader:
            end(session, Ending(.edge, .proxyHeaderTimeout))
        case .hello:
            end(session, Ending(.edge, .helloTimeout))
        case .dial, .socksMethod, .socksReply, .tailscale:
            dialTimedOut(session)
        case .beforeFarewell, .farewell:
            end(session, session.pointee.ending)
        case .hold:
            dial(session)
        }
    }

    private mutating func relayTimerFired(_ session: UnsafeMutablePointer<Session>) {
        let (silence, reason) = session.allowedSilence
        let deadline = session.pointee.lastActivity + silence
        if now >= deadline { return end(session, Ending(.edge, reason)) }
        if !session.pointee.keepsAlive {
            session.pointee.keepsAlive = true
            if session.pointee.upstreamAddress != nil { session.pointee.upstream.socket.setKeepAlive(.standard) }
        }
        timers.set(session.pointee.index, at: deadline)
    }
}

extension CloseReason {
    /// What an upstream's end is called if no byte came before it.
    fileprivate var withoutByte: CloseReason {
        switch self {
        case .reset: .upstreamEmpty
        case .lost: .upstreamUnreachable
        default: self
        }
    }
}

extension UnsafeMutablePointer where Pointee == Session {
    /// Microseconds of silence that end the relay, and the reason to record.
    var allowedSilence: (UInt64, CloseReason) {
        pointee.relay.allowedSilence(pointee.silenceLimits)
    }

    /// Whether the upstream's end would leave the client with nothing, though it still waits for an answer and its protocol has words
    /// for that.
    var isLeftWithoutByte: Bool {
        guard pointee.outboundBytes == 0, !pointee.relay.isHalfClosed,
            frontend.unavailable != .none || (pointee.isWarm && pointee.inboundBytes == 0)
        else { return false }
        // Its own end may wait to be read.
        return !clientHasLeft
    }

    /// Whether the client has finished and sent nothing before.
    var clientHasLeft: Bool {
        var byte: UInt8 = 0
        return withUnsafeMutableBytes(of: &byte) { pointee.client.socket.peek($0) } == .count(0)
    }

    func mustReadToEnd(_ side: Side) -> Bool {
        (side == .client ? pointee.clientLeg : pointee.upstreamLeg).contains(.readToEnd)
    }

    /// Payload that was read so far.
    subscript(bytes direction: Direction) -> UInt64 {
        get { direction == .inbound ? pointee.inboundBytes : pointee.outboundBytes }
        nonmutating set {
            if direction == .inbound { pointee.inboundBytes = newValue } else { pointee.outboundBytes = newValue }
        }
    }

    subscript(leftover direction: Direction) -> Leftover {
        get { direction == .inbound ? pointee.inboundLeftover : pointee.outboundLeftover }
        nonmutating _modify {
            if direction == .inbound { yield &pointee.inboundLeftover } else { yield &pointee.outboundLeftover }
        }
    }

    subscript(queued direction: Direction) -> Bool {
        get { direction == .inbound ? pointee.inboundIsQueued : pointee.outboundIsQueued }
        nonmutating set {
            if direction == .inbound { pointee.inboundIsQueued = newValue } else { pointee.outboundIsQueued = newValue }
        }
    }

    subscript(pipe direction: Direction) -> Int16 {
        get { direction == .inbound ? pointee.inboundPipe : pointee.outboundPipe }
        nonmutating set {
            if direction == .inbound { pointee.inboundPipe = newValue } else { pointee.outboundPipe = newValue }
        }
    }
}
