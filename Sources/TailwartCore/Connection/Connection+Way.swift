import TailwartWire

/// The way through a SOCKS proxy (RFC 1928) or through tailscaled's Unix socket: each is spoken to first, and then steps aside.
extension Connection {
    /// Whoever stands first on the way to the upstream; nil where it is dialled directly.
    var way: WayStep? {
        switch passage.backend.via {
        case .direct: nil
        case .socks5: .socksMethod
        case .tailscale: .tailscaled
        }
    }

    /// The kernel reports on the upstream leg.
    package func upstreamIsReady() -> Action {
        switch phase {
        case .passing: .peekUpstream(.max)
        // The connect, which the engine has asked the kernel about before, or room for the header.
        case .greeting: .send(.proxyHeader)
        default: .nothing
        }
    }

    /// What whoever stands on the way has answered so far; empty if that was their end.
    package mutating func upstreamPeeked(
        _ bytes: Span<UInt8>, isFinal: Bool, _ around: inout Surroundings
    ) -> Action {
        guard case .passing(let dial, let step) = phase else { return .nothing }
        if bytes.isEmpty { return addressFailed(dial, .upstreamProxyFailed, &around) }
        let length: Int? =
            switch step {
            case .socksMethod: SOCKS5.parseMethod(bytes).length
            case .socksReply: SOCKS5.parseReply(bytes).length
            case .tailscaled: TailscaleDial.parseAnswer(bytes).length
            }
        guard let length else { return addressFailed(dial, .upstreamProxyFailed, &around) }
        if length > 0 { return .takeFromUpstream(length) }
        return isFinal
            ? addressFailed(dial, .upstreamProxyFailed, &around) : .wait(.upstream, until: deadline)
    }

    /// Nothing has been answered yet.
    package func upstreamBlocked() -> Action { .wait(.upstream, until: deadline) }

    /// The leg to whoever stands on the way has failed.
    package mutating func upstreamFailed(_ fault: LegFault, _ around: inout Surroundings) -> Action {
        switch phase {
        case .passing(let dial, _): addressFailed(dial, .upstreamProxyFailed, &around)
        case .connecting: connectAnswered(.failed(fault), &around)
        case .greeting(let dial, _): addressFailed(dial, .dialling(fault), &around)
        default: .nothing
        }
    }

    /// Whether exactly the peeked answer could be taken: what follows is the upstream's.
    package mutating func upstreamTook(_ isWhole: Bool, _ around: inout Surroundings) -> Action {
        guard case .passing(let dial, let step) = phase else { return .nothing }
        guard isWhole else { return addressFailed(dial, .upstreamProxyFailed, &around) }
        if step == .socksMethod {
            phase = .passing(dial, .socksReply)
            return .send(.socksRequest)
        }
        return greet(dial, &around)
    }

    mutating func asked(
        _ answer: SendAnswer, _ dial: Dial, _ around: inout Surroundings
    ) -> Action {
        answer == .sent
            ? .wait(.upstream, until: deadline) : addressFailed(dial, .upstreamProxyFailed, &around)
    }
}

extension ParseOutcome where Value == Int {
    /// The length of a whole answer, 0 while it is not whole, nil if it is a refusal or nonsense.
    fileprivate var length: Int? {
        switch self {
        case .found(let length): length
        case .needMore: 0
        case .invalid: nil
        }
    }
}
