import TailwartCore
import TailwartSystem
import TailwartWire

/// Does what a ``Connection`` says: one system call or two for each action, whose answer makes the next action.
extension Worker {
    /// The pointer is dead afterwards if the connection is over.
    mutating func perform(_ session: UnsafeMutablePointer<Session>, _ first: Action) {
        var action = first
        while true {
            switch action {
            case .peekClient(let limit):
                action = peekClient(session, limit)
            case .awaitHello:
                dropUpstream(session)
                action = peekClient(session, TLSAlert.handshakeLength)
            case .takeFromClient(let count):
                let isWhole = take(count, from: session.pointee.client.socket)
                action = session.pointee.connection.clientTook(isWhole, &around)
            case .checkClient:
                action = session.pointee.connection.clientChecked(hasLeft: clientHasLeft(session), &around)
            case .takeWarm(let place):
                dropUpstream(session)
                let dialled = takeWarm(for: session, place?.takeUnretainedValue())
                action = session.pointee.connection.warmTaken(dialled, &around)
            case .connect(let dialled, let edgeSpeaksFirst):
                dropUpstream(session)
                let answer = connect(session, dialled, edgeSpeaksFirst: edgeSpeaksFirst)
                action = session.pointee.connection.connectAnswered(answer, &around)
            case .send(let message):
                action = session.pointee.connection.sent(send(message, session), &around)
            case .peekUpstream(let limit):
                action = peekUpstream(session, limit)
            case .takeFromUpstream(let count):
                let isWhole = take(count, from: session.pointee.upstream.socket)
                action = session.pointee.connection.upstreamTook(isWhole, &around)
            case .tell(let words):
                dropUpstream(session)
                action = session.pointee.connection.told(tell(words, session), &around)
            case .discard:
                action = session.pointee.connection.discarded(discard(session), &around)
            case .relay(let until):
                return beginRelay(session, until: until)
            case .keepUpstreamAlive(let until):
                if session.pointee.connection.record.upstreamAddress != nil {
                    session.pointee.upstream.socket.setKeepAlive(.standard)
                }
                return timers.set(session.pointee.index, at: until)
            case .hold(let until):
                dropUpstream(session)
                timers.set(session.pointee.index, at: until)
                return register(session, .client)
            case .wait(let watch, let until):
                timers.set(session.pointee.index, at: until)
                return self.watch(session, watch)
            case .end(let abortive):
                return close(session, abortively: abortive)
            case .nothing:
                return
            }
        }
    }

    // MARK: - the client's leg

    private mutating func peekClient(_ session: UnsafeMutablePointer<Session>, _ limit: Int) -> Action {
        switch session.pointee.client.socket.peek(window(limit)) {
        case .count(let count):
            session.pointee.connection.clientPeeked(
                bytes(count).span, isFinal: session.pointee.client.mustReadToEnd, &around)
        case .wouldBlock: session.pointee.connection.clientBlocked(&around)
        case .failed(let error): session.pointee.connection.clientFailed(LegFault(error), &around)
        }
    }

    /// Whether the client has finished and sent nothing before.
    func clientHasLeft(_ session: UnsafeMutablePointer<Session>) -> Bool {
        session.pointee.client.socket.peek(window(1)) == .count(0)
    }

    /// - Returns: whether the words went out whole.
    private func tell(_ words: [UInt8], _ session: UnsafeMutablePointer<Session>) -> Bool {
        let client = session.pointee.client.socket
        // The first bytes on a fresh connection: there is room for them. With the end they are one segment.
        guard words.withUnsafeBytes({ client.send($0, more: true) }) == .count(words.count) else { return false }
        client.shutDownWrite()
        return true
    }

    private func discard(_ session: UnsafeMutablePointer<Session>) -> DiscardAnswer {
        switch session.pointee.client.socket.receive(buffer) {
        case .count(0), .count(Self.bufferSize), .failed: .over
        // Its end may have come with its bytes, and that edge is spent.
        case .count where session.pointee.client.mustReadToEnd: .more
        case .count, .wouldBlock: .dry
        }
    }

    // MARK: - the upstream's leg

    private mutating func connect(
        _ session: UnsafeMutablePointer<Session>, _ dialled: Dialled, edgeSpeaksFirst: Bool
    ) -> ConnectAnswer {
        // A path that is too long cannot exist.
        guard let address = SocketAddress(dialled) else { return .failed(.refused) }
        do throws(Errno) {
            session.pointee.upstream = Leg(
                try stream(family: address.family), generation: sessions.nextGeneration())
        } catch {
            if error.isShortage { parts.inbox.shortage = error }
            return .failed(LegFault(error))
        }
        let socket = session.pointee.upstream.socket
        if dialled.internet != nil {
            socket.setNoDelay()
            // Without bytes to ride on, the last packet of the handshake would wait for up to 200 ms, and a server that speaks first
            // with it.
            if edgeSpeaksFirst { socket.delayAcknowledgements() }
        }
        switch socket.connect(to: address) {
        case .connected: return .connected
        case .inProgress: return .inProgress
        case .failed(let error): return .failed(LegFault(error))
        }
    }

    /// A socket to connect, as long as it is not one of those that the edge needs for itself.
    func stream(family: CInt) throws(Errno) -> Descriptor {
        var descriptor = try Socket.stream(family: family)
        guard descriptor.raw < descriptorLimit else {
            descriptor.close()
            throw .tooManyDescriptors
        }
        return descriptor
    }

    private mutating func takeWarm(for session: UnsafeMutablePointer<Session>, _ place: Place?) -> Dialled? {
        guard let place, let spare = takeWarm(place) else { return nil }
        session.pointee.upstream = Leg(Descriptor(owning: spare.socket), generation: sessions.nextGeneration())
        return spare.dialled
    }

    private mutating func send(_ message: Action.Message, _ session: UnsafeMutablePointer<Session>) -> SendAnswer {
        if case .proxyHeader = message, session.pointee.connection.needsDestination {
            session.pointee.connection.learn(destination: session.pointee.client.socket.localAddress()?.unmapped)
        }
        var span = buffer.bindMemory(to: UInt8.self).mutableSpan
        let length = session.pointee.connection.write(message, into: &span)
        // What the client has said so far, its hello, follows the header at once: one segment for both.
        let more = session.pointee.connection.hasMore(behind: message)
        switch session.pointee.upstream.socket.send(UnsafeRawBufferPointer(window(length)), more: more) {
        case .count(length): return .sent
        case .count: return .torn
        case .wouldBlock: return .blocked
        case .failed(let error): return .failed(LegFault(error))
        }
    }

    private mutating func peekUpstream(_ session: UnsafeMutablePointer<Session>, _ limit: Int) -> Action {
        switch session.pointee.upstream.socket.peek(window(limit)) {
        case .count(let count):
            session.pointee.connection.upstreamPeeked(
                bytes(count).span, isFinal: session.pointee.upstream.mustReadToEnd, &around)
        case .wouldBlock: session.pointee.connection.upstreamBlocked()
        case .failed(let error): session.pointee.connection.upstreamFailed(LegFault(error), &around)
        }
    }

    /// Gives up the upstream leg, and what the lanes have borrowed. What the client has sent there so far must not look finished.
    private mutating func dropUpstream(_ session: UnsafeMutablePointer<Session>) {
        guard session.pointee.upstream.isOpen else { return }
        session.pointee.upstream.close(abortively: session.pointee.connection.record.inboundBytes > 0)
        session.pointee.upstream = Leg()
        giveBack(session, .inbound)
        giveBack(session, .outbound)
    }

    // MARK: - both

    /// Takes exactly what was peeked: what follows stays in the socket.
    private func take(_ count: Int, from socket: Socket) -> Bool { socket.receive(window(count)) == .count(count) }

    private func window(_ size: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(size, Self.bufferSize)])
    }

    /// The first bytes of the buffer, as parsers take them.
    func bytes(_ count: Int) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(window(count).bindMemory(to: UInt8.self))
    }

    /// Closes both legs, gives back everything borrowed, and leaves the record.
    private mutating func close(_ session: UnsafeMutablePointer<Session>, abortively: Bool) {
        let index = session.pointee.index
        timers.clear(index)
        session.pointee.client.close(abortively: abortively)
        session.pointee.upstream.close(abortively: abortively)
        giveBack(session, .inbound)
        giveBack(session, .outbound)
        parts.ring.push(session.pointee.connection.record)
        sessions.remove(index)
        ringIfIdle()
    }

    private mutating func watch(_ session: UnsafeMutablePointer<Session>, _ legs: Action.Watch) {
        switch legs {
        case .client: register(session, .client)
        case .upstream: register(session, .upstream)
        case .connect: register(session, .upstream, forWriting: true)
        case .asBefore: break
        }
    }

    /// Watches a leg for all that matters, edge-triggered.
    ///
    /// Both legs are registered once. Writability is asked for only when a write was refused, since a new socket is always
    /// writable and would report that at once, to no end.
    mutating func register(_ session: UnsafeMutablePointer<Session>, _ side: Side, forWriting: Bool = false) {
        let socket = session.socket(side)
        let token = LegReference(session, side).token.rawValue
        let interest: Readiness = forWriting ? .incomingAndWritable : .incoming
        let error =
            side == .client
            ? epoll.register(socket.raw, &session.pointee.client, interest, token: token)
            : epoll.register(socket.raw, &session.pointee.upstream, interest, token: token)
        // Only a lack of memory or of watches can be the cause (epoll_ctl(2)): an unwatched session would hang, so its timer ends it.
        // Not here, since callers still hold the pointer.
        if error != nil {
            session.pointee.isDoomed = true
            timers.set(session.pointee.index, at: now)
        }
    }
}

extension Epoll {
    fileprivate func register(_ raw: CInt, _ leg: inout Leg, _ interest: Readiness, token: UInt64) -> Errno? {
        let forWriting = interest == .incomingAndWritable
        guard !leg.isRegistered || (forWriting && !leg.isRegisteredForWriting) else { return nil }
        let error = leg.isRegistered ? modify(raw, interest, token: token) : add(raw, interest, token: token)
        leg.isRegistered = true
        leg.isRegisteredForWriting = forWriting
        return error
    }
}

extension SocketAddress {
    /// Nil for a path that is too long.
    init?(_ dialled: Dialled) {
        switch dialled {
        case .internet(let address): self.init(address)
        case .unix(let path): self.init(unixPath: path)
        }
    }
}

extension LegFault {
    init(_ error: Errno) {
        self =
            switch error {
            case .connectionReset, .brokenPipe, .connectionAborted: .reset
            case .connectionRefused, .noEntry: .refused
            case .timedOut: .timedOut
            case .addressNotAvailable: .noPort
            case .again: .backlogFull
            case _ where error.isShortage: .shortage
            default: .unreachable
            }
    }
}
