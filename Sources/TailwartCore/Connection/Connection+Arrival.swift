import TailwartWire

/// From accept to the route: limits, PROXY header, ClientHello. What the client sends stays in its socket but for the header, so the
/// upstream receives its bytes from the first one on.
extension Connection {
    /// The connection was accepted: counts it in, and begins.
    package mutating func begin(_ around: inout Surroundings) -> Action {
        door.accept()
        let hasRoom = topology.headcount.enter(limit: topology.maxConnections)
        guard frontend.headcount.enter(limit: frontend.maxConnections) else {
            return turnAway(Ending(.edge, .listenerLimit), &around)
        }
        guard hasRoom else { return turnAway(Ending(.edge, .edgeLimit), &around) }
        guard let settings = frontend.proxyProtocolIn else { return admit(&around) }
        // A client on a unix socket has no address to trust; whoever may open the path was trusted by its permissions.
        if let client = record.client?.ip, !settings.trusted.contain(client) {
            return settings.others == .direct
                ? admit(&around) : end(Ending(.edge, .proxyHeaderUntrusted), &around)
        }
        bringsHeader = true
        phase = .proxyHeader
        deadline = around.now + settings.timeout.microseconds
        return .peekClient(ProxyHeader.maximumV2Length)
    }

    /// The client has sent something, or left.
    package func clientIsReady() -> Action {
        switch phase {
        case .proxyHeader: .peekClient(ProxyHeader.maximumV2Length)
        case .suspected: .peekClient(ProxyHeader.maximumBeginning)
        case .hello: .peekClient(.max)
        case .awaitingHello: .peekClient(TLSAlert.handshakeLength)
        case .farewell: .discard
        // A client that gives up while it is held makes room for another.
        case .held: .checkClient
        // What it says stays in its socket until the upstream is there.
        case .takingWarm, .connecting, .passing, .greeting, .relaying, .over: .nothing
        }
    }

    /// What the client has sent so far; empty if that was its end.
    ///
    /// - Parameter isFinal: whether no more will come.
    package mutating func clientPeeked(
        _ bytes: Span<UInt8>, isFinal: Bool, _ around: inout Surroundings
    ) -> Action {
        switch phase {
        case .proxyHeader: readProxyHeader(bytes, isFinal: isFinal, &around)
        case .suspected: readBeginning(bytes, &around)
        case .hello: readHello(bytes, isFinal: isFinal, &around)
        case .awaitingHello(let ending): readBeforeAlert(bytes, ending, &around)
        case .farewell, .takingWarm, .connecting, .passing, .greeting, .held, .relaying, .over: .nothing
        }
    }

    /// The client has sent nothing (more) yet.
    package mutating func clientBlocked(_ around: inout Surroundings) -> Action { awaitClient(&around) }

    /// Waits for a client; one that has not said what it wants counts as pending meanwhile.
    private mutating func awaitClient(_ around: inout Surroundings) -> Action {
        switch phase {
        case .proxyHeader, .hello:
            isPending || beginPending(now: around.now)
                ? .wait(.client, until: deadline) : end(Ending(.client, .pendingLimit), &around)
        default: .wait(.client, until: deadline)
        }
    }

    /// The client's leg has failed.
    package mutating func clientFailed(_ fault: LegFault, _ around: inout Surroundings) -> Action {
        switch phase {
        case .awaitingHello(let ending), .farewell(let ending): end(ending, &around)
        default: end(.failure(of: .client, fault), &around)
        }
    }

    /// Whether exactly the peeked PROXY header could be taken.
    package mutating func clientTook(_ isWhole: Bool, _ around: inout Surroundings) -> Action {
        endPending()
        return isWhole ? admit(&around) : end(Ending(.edge, .proxyHeaderInvalid), &around)
    }

    /// Whether a held client has finished and sent nothing before.
    package mutating func clientChecked(hasLeft: Bool, _ around: inout Surroundings) -> Action {
        hasLeft ? end(Ending(.client, .clientLeft), &around) : .wait(.client, until: deadline)
    }

    // MARK: - PROXY header in: required of trusted networks, believed of nobody else, never guessed

    private mutating func readProxyHeader(
        _ bytes: Span<UInt8>, isFinal: Bool, _ around: inout Surroundings
    ) -> Action {
        if bytes.isEmpty { return end(Ending(.client, .clientLeft), &around) }
        switch ProxyHeader.parse(bytes) {
        case .found(let header):
            if case .proxied(let client, let destination) = header.peers {
                record.client = client
                self.destination = destination
            }
            return .takeFromClient(header.length)
        case .needMore where bytes.count < ProxyHeader.maximumV2Length && !isFinal:
            return awaitClient(&around)
        case .needMore, .invalid:
            return end(Ending(.edge, .proxyHeaderInvalid), &around)
        }
    }

    // MARK: - who is let in, and the client's own limits

    /// Who the client is, is known now.
    private mutating func admit(_ around: inout Surroundings) -> Action {
        guard let client = record.client?.ip else { return findRoute(&around) }
        switch around.rules.answer(for: client) {
        case .trusted: return findRoute(&around)
        case .denied(let source):
            record.denial = .passRetained(Denial(around.rules, source))
            return turnAwayClient(Ending(.client, source.isBan ? .clientBanned : .clientDenied), &around)
        case .none: break
        }
        guard let limiter = frontend.limiter else { return findRoute(&around) }
        switch limiter.enter(client, now: around.now) {
        case .entered(let places):
            self.places = places
            return findRoute(&around)
        case .refused(let reason):
            return turnAwayClient(Ending(.client, reason), &around)
        }
    }

    /// The first clients of a network are told why, a flood gets resets.
    private mutating func turnAwayClient(_ ending: Ending, _ around: inout Surroundings) -> Action {
        if let client = record.client?.ip, let limiter = frontend.limiter, !limiter.mayTell(client, now: around.now) {
            return end(ending, &around)
        }
        return turnAway(ending, &around)
    }

    /// - Returns: false if there are too many such connections, of this client's network or of all.
    private mutating func beginPending(now: UInt64) -> Bool {
        guard topology.pending.enter(limit: topology.maxPending) else {
            topology.pending.leave()
            return false
        }
        // Whoever may send a PROXY header speaks for many clients.
        if case .hello = phase, let client = record.client?.ip, let limiter = frontend.limiter {
            guard let slot = limiter.wait(client, now: now) else {
                topology.pending.leave()
                return false
            }
            pendingSlot = slot
        }
        isPending = true
        return true
    }

    mutating func endPending() {
        guard isPending else { return }
        isPending = false
        topology.pending.leave()
        frontend.limiter?.endWait(pendingSlot)
        pendingSlot = .none
    }

    // MARK: - peek ClientHello → match

    /// Decides without the hello if that can be, else looks for it.
    private mutating func findRoute(_ around: inout Surroundings) -> Action {
        decide(frontend.mayPeek ? .undecided : .none, &around)
    }

    private mutating func readHello(
        _ bytes: Span<UInt8>, isFinal: Bool, _ around: inout Surroundings
    ) -> Action {
        if bytes.isEmpty { return end(Ending(.client, .clientLeft), &around) }
        switch ClientHello.parse(bytes) {
        case .found(let hello):
            let note = HelloNote(hello)
            record.hello = .passRetained(note)
            return decide(.hello(note), &around)
        case .invalid(.notTLS) where isUnexpectedHeader(bytes):
            return headerWasUnexpected(&around)
        case .invalid(.notTLS):
            return decide(.none, &around)
        case .needMore where isFinal:
            return end(Ending(.client, .clientLeft), &around)
        case .needMore where bytes.count < ClientHello.maximumWireLength:
            return awaitClient(&around)
        case .needMore:
            record.helloError = .messageTooLong
            return end(Ending(.edge, .helloInvalid), &around)
        case .invalid(let error):
            record.helloError = error
            return end(Ending(.edge, .helloInvalid), &around)
        }
    }

    private mutating func decide(_ hello: HelloKnowledge, _ around: inout Surroundings) -> Action {
        switch frontend.routeTable.decide(client: record.client?.ip, hello: hello) {
        case .route(let index):
            endPending()
            record.times.toRoute = sinceAccept(around.now)
            record.route = index
            guard let passage = frontend.passage(route: index, port: doorPort) else {
                return end(Ending(.edge, .routeClose), &around)
            }
            record.passage = .passUnretained(passage)
            guard mayDial(passage, now: around.now) else {
                return turnAwayClient(Ending(.upstream, .clientBannedUpstream), &around)
            }
            return mustBegin(around) ? letBegin(now: around.now) : beginDial(passage, &around)
        case .needsHello:
            phase = .hello
            deadline = around.now + frontend.helloLimit
            return .peekClient(.max)
        case .noRoute:
            return turnAway(Ending(.edge, .noRoute), &around)
        }
    }
}
