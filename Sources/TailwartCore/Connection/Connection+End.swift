import TailwartWire

/// Deadlines, the edge's own ends, and what each phase gives back when it is left.
extension Connection {
    /// The time is over that the last action named; perhaps early, perhaps the connection was active meanwhile.
    package mutating func timeIsOver(_ around: inout Surroundings) -> Action {
        if isRelaying {
            let (silence, reason) = relaying.relay.allowedSilence(frontend.silenceLimits)
            deadline = relaying.lastActivity + silence
            if around.now >= deadline { return end(Ending(.edge, reason), &around) }
            guard !relaying.keepsAlive else { return .wait(.asBefore, until: deadline) }
            relaying.keepsAlive = true
            return .keepUpstreamAlive(until: deadline)
        }
        guard around.now >= deadline else { return .wait(.asBefore, until: deadline) }
        switch phase {
        case .proxyHeader: return end(Ending(.edge, .proxyHeaderTimeout), &around)
        case .suspected: return beginDial(passage, &around)
        case .hello: return end(Ending(.edge, .helloTimeout), &around)
        case .takingWarm(let dial), .connecting(let dial), .greeting(let dial, _):
            return addressFailed(dial, way == nil ? .connectTimeout : .upstreamProxyFailed, &around)
        case .passing(let dial, _): return addressFailed(dial, .upstreamProxyFailed, &around)
        case .held(let dial): return nextAddress(dial, &around)
        case .awaitingHello(let ending), .farewell(let ending): return end(ending, &around)
        case .relaying, .over: return .wait(.asBefore, until: deadline)
        }
    }

    /// The edge stops, or somebody wants this one closed.
    package mutating func stop(_ around: inout Surroundings, because reason: CloseReason = .drained) -> Action {
        switch phase {
        case .awaitingHello(let ending), .farewell(let ending): end(ending, &around)
        default: end(Ending(.edge, reason), &around)
        }
    }

    /// A leg cannot be watched, for want of memory or of watches: an unwatched connection would hang.
    package mutating func cannotBeWatched(_ around: inout Surroundings) -> Action {
        end(Ending(.edge, .descriptorLimit), &around)
    }

    /// Ends the connection, whatever the phase.
    mutating func end(_ ending: Ending, _ around: inout Surroundings) -> Action {
        leave(&around)
        phase = .over
        record.ending = ending
        record.times.total = around.now - startedAt
        door.end(ending.reason, inbound: record.inboundBytes, outbound: record.outboundBytes)
        // Of a connection that was open, or whose client had begun to send: torn, and so neither side may take it for finished.
        let isCut =
            switch ending.reason {
            case .upstreamUnhealthy, .upstreamEmpty, .proxyHeaderUnexpected:
                record.inboundBytes + record.outboundBytes > 0
            // One of many that are not told why: a reset costs the least.
            case .clientLimit, .clientRate, .clientDenied, .clientBanned, .clientBannedUpstream: true
            default: false
            }
        return .end(abortive: ending.reason.rule.isAbortive || (isCut && !record.wasRefused))
    }

    /// Gives back what the present phase has taken of what all share. A client that is only told why it cannot be served counts against
    /// the limits no longer.
    mutating func leave(_ around: inout Surroundings) {
        switch phase {
        case .takingWarm(let dial), .connecting(let dial), .passing(let dial, _), .greeting(let dial, _),
            .held(let dial):
            if dial.isHeld { waitIsOver() }
        case .relaying:
            if relaying.isCounted { place?.changeLoad(by: -1) }
        case .awaitingHello, .farewell:
            around.farewells -= 1
            return
        case .over:
            return
        case .proxyHeader, .hello:
            endPending()
        case .suspected:
            break
        }
        frontend.limiter?.leave(places)
        frontend.headcount.leave()
        topology.headcount.leave()
    }
}
