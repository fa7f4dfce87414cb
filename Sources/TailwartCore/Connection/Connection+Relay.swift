import TailwartWire

/// relay: bytes flow both ways, and how that ends.
///
/// The engine asks ``step(_:)`` of one direction until it is told to wait, does one system call for each step, and reports it. A report
/// answers nil to go on with the steps, or the action that ends them.
extension Connection {
    /// A connection that lives this long gets keepalive on its upstream leg, in microseconds: as long as the kernel would wait
    /// before its first probe. Short ones never need it, and so never pay the calls; the client leg inherits it from the listening
    /// socket.
    package static let keepAliveAfter: UInt64 = 60_000_000

    mutating func beginRelay(_ dial: Dial, isWarm: Bool, _ around: inout Surroundings) -> Action {
        if dial.isHeld { waitIsOver() }
        record.times.toConnect = sinceAccept(around.now)
        relaying = Relaying(
            lastActivity: around.now, first: dial.first, isWarm: isWarm,
            isCounted: passage.backend.upstream.policy == .leastConnections, hasDialPatience: isWarm)
        if relaying.isCounted { place?.changeLoad(by: 1) }
        if !isWarm { passage.addresses[Int(dial.endpoint)][Int(dial.address)].ended(.connected) }
        listen()
        phase = .relaying
        deadline = around.now + min(Self.keepAliveAfter, frontend.silenceLimits.idle)
        return .relay(until: deadline)
    }

    package var isRelaying: Bool {
        if case .relaying = phase { true } else { false }
    }

    // MARK: - the kernel reports on a leg

    package mutating func sourceBecameReadable(_ direction: Direction) {
        relaying.relay[direction].sourceBecameReadable()
    }

    package mutating func sinkBecameWritable(_ direction: Direction) {
        relaying.relay[direction].sinkBecameWritable()
    }

    /// The next thing to do for one direction; to be asked only while bytes flow.
    package mutating func step(_ direction: Direction) -> Relay.Step { relaying.relay.step(direction) }

    // MARK: - reports of one system call each

    /// `count` > 0 bytes were read; `short` if the kernel gave all that it had.
    ///
    /// - Returns: whether the upstream leg may have the kernel's own patience from now on.
    package mutating func filled(_ direction: Direction, _ count: Int, short: Bool, now: UInt64) -> Bool {
        relaying.relay[direction].filled(count, short: short)
        relaying.lastActivity = now
        var isProven = false
        if direction == .inbound {
            record.inboundBytes += UInt64(count)
        } else {
            if record.outboundBytes == 0 {
                record.times.toFirstByte = sinceAccept(now)
                // The upstream spoke. Where the client begins with a hello, an alert alone proves nothing, and a greeting is read.
                if count > TLSAlert.length || !frontend.mayPeek, !isListening { upstreamSpoke(now: now) }
                isProven = relaying.hasDialPatience
                relaying.hasDialPatience = false
            }
            record.outboundBytes += UInt64(count)
        }
        return isProven
    }

    package mutating func fillBlocked(_ direction: Direction) { relaying.relay[direction].fillBlocked() }

    package mutating func pipeUnavailable(_ direction: Direction) {
        relaying.relay[direction].pipeUnavailable()
    }

    package mutating func flushed(_ direction: Direction, _ count: Int, now: UInt64) {
        relaying.relay[direction].flushed(count)
        relaying.lastActivity = now
    }

    package mutating func flushBlocked(_ direction: Direction) { relaying.relay[direction].flushBlocked() }

    package mutating func sinkShutDown(_ direction: Direction) { relaying.relay.sinkShutDown(direction) }

    /// Whether the upstream's end would leave the client with nothing, though it still waits for an answer and its protocol has words
    /// for that, or another socket may serve it. Only its own end, which may wait to be read, tells: the engine looks before it reports
    /// that the upstream has ended.
    package var mustKnowWhetherClientLeft: Bool {
        guard isRelaying, record.outboundBytes == 0, !relaying.relay.isHalfClosed else { return false }
        return frontend.unavailable != .none || mayDialAgain
    }

    /// The upstream has ended without a byte while its client waits.
    package mutating func upstreamLeftNothing(_ around: inout Surroundings) -> Action {
        relayFailed(Ending(.upstream, .upstreamEmpty), &around)
    }

    /// The source of the direction said that it will send no more.
    ///
    /// - Returns: until when both sides may be silent, if that has changed.
    package mutating func sourceEnded(_ direction: Direction, now: UInt64) -> UInt64? {
        let isFirst = !relaying.relay.isHalfClosed
        if direction == .inbound, isListening { clientIsDone() }
        relaying.relay.sourceEnded(direction)
        relaying.lastActivity = now
        guard isFirst else { return nil }
        deadline = now + frontend.silenceLimits.halfClosed
        return deadline
    }

    /// A leg has failed.
    package mutating func legFailed(_ side: Side, _ fault: LegFault, _ around: inout Surroundings) -> Action {
        // An upstream that left without a byte has not served its client.
        let mayHaveClosed = side == .client || record.outboundBytes > 0
        let ending = mayHaveClosed ? relaying.relay.ending(of: side, fault) : .failure(of: side, fault)
        return relayFailed(ending, &around)
    }

    /// Both directions are done.
    package mutating func finished(_ ending: Ending, _ around: inout Surroundings) -> Action { end(ending, &around) }

    /// The place became unhealthy, and its upstream asks to close then.
    package mutating func placeTurnedUnhealthy(_ around: inout Surroundings) -> Action {
        relayFailed(Ending(.upstream, .upstreamUnhealthy), &around)
    }

    // MARK: - how it ends

    /// Ends a relay. A client that has seen nothing of the upstream can still be told that it was not served, or be dialled for anew.
    private mutating func relayFailed(_ ending: Ending, _ around: inout Surroundings) -> Action {
        guard isRelaying, ending.side == .upstream, record.outboundBytes == 0 else {
            return end(ending, &around)
        }
        if ending.reason.rule.blame == .withoutByte, !sendsHeader, !frontend.mayPeek { place?.failed() }
        if mayDialAgain { return dialAnew(mayUseWarm: false, &around) }
        if ending.reason == .upstreamEmpty || ending.reason == .reset { upstreamClosedToClient(now: around.now) }
        return turnAway(
            frontend.unavailable == .none ? ending : Ending(.upstream, ending.reason.withoutByte), &around)
    }

    // MARK: - clients that the upstream does not take

    /// Whether there is a place of the upstream that has not closed to this client alone a moment ago; true where none is known yet.
    func mayDial(_ passage: Passage, now: UInt64) -> Bool {
        guard let client = record.client?.ip, passage.sendsHeaders, frontend.listener.proto.firstSpeaker == .server
        else { return true }
        let places = passage.places
        return places.isEmpty || places.contains { $0.closedClients.mayDial(for: client, now: now) }
    }

    mutating func upstreamSpoke(now: UInt64) {
        place?.succeeded()
        guard let client = record.client?.ip, tellsClientsApart else { return }
        place?.closedClients.served(client, now: now)
    }

    private func upstreamClosedToClient(now: UInt64) {
        guard let client = record.client?.ip, record.inboundBytes == 0, tellsClientsApart else { return }
        place?.closedClients.closed(to: client, now: now)
    }

    /// Only a header names the client to the upstream; and where the client speaks first, it may have said what no server answers.
    private var tellsClientsApart: Bool { sendsHeader && frontend.listener.proto.firstSpeaker == .server }

    /// Whether the leg was warm and nothing of the client was passed.
    private var mayDialAgain: Bool { relaying.isWarm && record.inboundBytes == 0 }

    /// Dials for a client that has neither seen nor said anything, as if nothing had been dialled: the mailbox closed a warm socket in the
    /// moment in which it was used, or does not trust the header.
    mutating func dialAnew(mayUseWarm: Bool, _ around: inout Surroundings) -> Action {
        if relaying.isCounted { place?.changeLoad(by: -1) }
        record.times.toConnect = nil
        relaying = Relaying(first: relaying.first)
        return nextAddress(
            Dial(first: relaying.first, mayUseWarm: mayUseWarm && passage.backend.upstream.warm > 0), &around)
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
