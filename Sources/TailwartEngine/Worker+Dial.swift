import TailwartCore
import TailwartSystem
import TailwartWire

/// pick → dial → PROXY header out. No byte of the client has been passed yet, so a failure goes on to the next address.
extension Worker {
    /// Between two rounds over all addresses while a client is held, in microseconds.
    private static let holdInterval: UInt64 = 500_000
    /// Clients that one worker holds at the same time; further ones are turned away at once. Each has a descriptor, a session and what
    /// its socket buffers.
    private static let heldAtOnce = 1024

    mutating func beginDial(_ session: UnsafeMutablePointer<Session>) {
        let passage = session.passage
        let backend = passage.backend
        session.pointee.holdUntil = now + backend.hold
        session.pointee.firstEndpoint = Int32(
            EndpointPicker.first(
                of: backend, turn: backend.policy == .roundRobin ? backend.turn.take() : 0,
                client: session.pointee.clientAddress?.ip,
                // One that is passed over must not hide the others behind it.
                load: { passage.places[$0].isUnhealthy ? 1 << 40 : passage.places[$0].load }))
        dial(session)
    }

    /// Tries addresses from the present one on until one is on its way.
    mutating func dial(_ session: UnsafeMutablePointer<Session>) {
        let passage = session.passage
        session.pointee.phase = .dial
        while true {
            let attempt = Int(session.pointee.attempt)
            let first = Int(session.pointee.firstEndpoint)
            guard
                let index = EndpointPicker.endpoint(
                    of: passage.backend, first: first, attempt: attempt, client: session.pointee.clientAddress?.ip)
            else { return roundFailed(session) }
            session.pointee.endpoint = Int32(index)
            let place = passage.places[index]
            session.pointee.place = .passUnretained(place)
            guard let destination = session.destination(of: index),
                session.pointee.address > 0 || mayDial(session, place)
            else {
                session.pointee.attempt += 1
                session.pointee.address = 0
                continue
            }
            session.pointee.address += 1
            if passage.backend.warm > 0, !session.pointee.hasUsedWarm, useWarm(session, place) { return }
            if connect(session, to: destination) { return }
        }
    }

    /// Passes over a place that is unhealthy, but for a trial now and then where there is no other.
    private func mayDial(_ session: UnsafeMutablePointer<Session>, _ place: Place) -> Bool {
        guard place.isUnhealthy else { return true }
        if session.passage.isWhollyUnhealthy, place.mayTry(now: now) { return true }
        if session.pointee.dialFailure == .upstreamUnresolved { session.pointee.dialFailure = .upstreamUnwell }
        return false
    }

    /// The connect has an answer.
    mutating func dialIsReady(_ session: UnsafeMutablePointer<Session>, _ readiness: Readiness) {
        if readiness.has(.error), let error = session.pointee.upstream.socket.takeError() {
            return dialFailed(session, error)
        }
        guard readiness.has(.anythingToWrite) else { return }
        let token = session.token(in: self, .upstream)
        connected(session)
        // The upstream may have greeted already; that edge is spent.
        if readiness.has(.readable), let session = sessions.find(token), session.pointee.phase == .relay {
            relayIsReady(session, .upstream, readiness)
        }
    }

    /// The time for this address is over.
    mutating func dialTimedOut(_ session: UnsafeMutablePointer<Session>) {
        dialFailed(session, .timedOut)
    }

    /// The client did something while it waits for the upstream: what it sent stays in its socket.
    mutating func clientSpokeEarly(_ session: UnsafeMutablePointer<Session>, _ readiness: Readiness) {
        guard readiness.has(.error) else {
            // A client that gives up while it is held makes room for another.
            if session.pointee.phase == .hold, session.clientHasLeft { end(session, Ending(.client, .clientLeft)) }
            return
        }
        let error = session.pointee.client.socket.takeError() ?? .connectionReset
        end(session, .failure(of: .client, error))
    }

    // MARK: - one address

    /// - Returns: whether the session waits for an answer, has one or is over; false goes on to the next address.
    private mutating func connect(_ session: UnsafeMutablePointer<Session>, to destination: Destination) -> Bool {
        session.pointee.upstreamAddress = destination.internet
        let answer: Connecting
        do throws(Errno) {
            session.pointee.upstream = try Socket.stream(family: destination.socketAddress.family)
            if destination.internet != nil {
                session.pointee.upstream.socket.setNoDelay()
                // Without bytes to ride on, the last packet of the handshake would wait for up to 200 ms, and a server that speaks
                // first with it.
                if session.edgeSpeaksFirst { session.pointee.upstream.socket.setQuickAcknowledgement(false) }
            }
            answer = session.pointee.upstream.socket.connect(to: destination.socketAddress)
        } catch {
            if error.isShortage {
                turnAway(session, Ending(.edge, .descriptorLimit))
                return true
            }
            note(session, error)
            return false
        }
        switch answer {
        case .connected:
            connected(session)
            return true
        case .inProgress:
            // The handshake over loopback is done by the time that connect returns: if the header goes through, so is it.
            if destination.isLoopback, session.pointee.carrier == .none {
                switch sendHeader(session) {
                case .sent:
                    beginRelay(session)
                    return true
                case .failed(let error):
                    session.pointee.upstream.close()
                    note(session, error)
                    return false
                case .nothingToSend, .blocked:
                    break
                }
            }
            session.pointee.deadline = now + session.pointee.connectLimit
            timers.set(session.pointee.index, at: session.pointee.deadline)
            register(session, .upstream, forWriting: true)
            return true
        case .failed(let error):
            session.pointee.upstream.close()
            note(session, error)
            return false
        }
    }

    private mutating func dialFailed(_ session: UnsafeMutablePointer<Session>, _ error: Errno) {
        note(session, error)
        tryNext(session)
    }

    /// Why an address failed; where somebody stands on the way, it is them who did not answer.
    private mutating func note(_ session: UnsafeMutablePointer<Session>, _ error: Errno) {
        noteFailure(session, session.pointee.carrier == .none ? .dialing(error) : .upstreamProxyFailed)
    }

    /// For the record if no other address succeeds, and for the health of the place.
    mutating func noteFailure(_ session: UnsafeMutablePointer<Session>, _ reason: CloseReason) {
        session.pointee.dialFailure = reason
        // While there is another address the place may be reached all the same.
        guard session.destination(of: Int(session.pointee.endpoint)) == nil else { return }
        session.place?.failed()
    }

    /// Gives up the present address.
    mutating func tryNext(_ session: UnsafeMutablePointer<Session>) {
        session.pointee.upstream.close()
        session.pointee.upstreamLeg = []
        dial(session)
    }

    /// All addresses of all endpoints have failed: holds the client if the upstream asks for it.
    private mutating func roundFailed(_ session: UnsafeMutablePointer<Session>) {
        guard now + Self.holdInterval <= session.pointee.holdUntil, session.pointee.isHeld || held < Self.heldAtOnce
        else {
            return turnAway(session, Ending(.upstream, session.pointee.dialFailure))
        }
        if !session.pointee.isHeld {
            session.pointee.isHeld = true
            held += 1
        }
        session.pointee.phase = .hold
        session.pointee.attempt = 0
        session.pointee.address = 0
        session.pointee.deadline = now + Self.holdInterval
        timers.set(session.pointee.index, at: session.pointee.deadline)
        register(session, .client)
    }

    /// It is held no longer.
    mutating func release(_ session: UnsafeMutablePointer<Session>) {
        guard session.pointee.isHeld else { return }
        session.pointee.isHeld = false
        held -= 1
    }

    // MARK: - a socket that was connected before

    /// - Returns: whether a warm socket took the header: the connection is relayed then.
    private mutating func useWarm(_ session: UnsafeMutablePointer<Session>, _ place: Place) -> Bool {
        while let spare = takeWarm(place) {
            session.pointee.upstream = Descriptor(owning: spare.socket)
            session.pointee.upstreamAddress = spare.destination.internet
            if case .sent = sendHeader(session) {
                session.pointee.isWarm = true
                session.pointee.hasUsedWarm = true
                beginRelay(session)
                return true
            }
            session.pointee.upstream.close()
        }
        return false
    }

    /// The mailbox closed a warm socket in the moment in which it was used. Nothing of the client was passed, so it is dialled for as if
    /// there had been none.
    mutating func dialAfterWarm(_ session: UnsafeMutablePointer<Session>) {
        letGo(session)
        session.pointee.isWarm = false
        session.pointee.relay = Relay()
        session.pointee.toConnect = .max
        session.pointee.attempt = 0
        session.pointee.address = 0
        dial(session)
    }

    // MARK: - connected

    private mutating func connected(_ session: UnsafeMutablePointer<Session>) {
        switch session.pointee.carrier {
        case .none: greetUpstream(session)
        case .socks: beginSOCKS(session)
        case .tailscale: beginTailscale(session)
        }
    }

    /// Sends the header and relays.
    mutating func greetUpstream(_ session: UnsafeMutablePointer<Session>) {
        switch sendHeader(session) {
        case .sent, .nothingToSend: beginRelay(session)
        // A fresh socket has room for far more than a header: it was an event of a leg before this one, and the connect goes on.
        case .blocked: break
        case .failed(let error): dialFailed(session, error)
        }
    }

    private enum HeaderSent {
        case sent
        case nothingToSend
        case blocked
        case failed(Errno)
    }

    /// One `send`, right after connect, before anything else.
    private mutating func sendHeader(_ session: UnsafeMutablePointer<Session>) -> HeaderSent {
        let length = session.writeProxyHeader(into: buffer)
        guard length > 0 else { return .nothingToSend }
        let header = UnsafeRawBufferPointer(rebasing: buffer[..<length])
        switch session.pointee.upstream.socket.send(header) {
        case .count(length): return .sent
        case .count, .wouldBlock: return .blocked
        case .failed(let error): return .failed(error)
        }
    }
}

extension CloseReason {
    /// What a failed connect goes into the record as.
    static func dialing(_ error: Errno) -> CloseReason {
        switch error {
        case .connectionRefused, .connectionReset, .connectionAborted, .brokenPipe, .noEntry: .upstreamRefused
        case .timedOut: .connectTimeout
        default: .upstreamUnreachable
        }
    }
}
