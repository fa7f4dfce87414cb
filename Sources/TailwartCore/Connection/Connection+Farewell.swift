import TailwartWire

/// The end of a connection that cannot be served, in the client's own words: a line where it waits for a greeting, an alert where it
/// begins with a TLS hello. Only while the client has seen no byte of the upstream.
///
/// A close with unread bytes in the socket sends a reset, and a client that gets one loses what it has not read yet. So the edge
/// shuts down its side, takes in what still comes, and closes when the client does, or soon.
extension Connection {
    /// How long a client may take to read and leave, in microseconds.
    package static let farewellLimit: UInt64 = 2_000_000

    /// Ends the connection; tells the client why, if there is something to be said and a way to say it.
    ///
    /// - Parameters:
    ///   - endsLine: whether what the client has seen ends in the middle of a line.
    ///   - hasBegun: whether the client has sent something that was not passed on.
    mutating func turnAway(
        _ ending: Ending, endsLine: Bool = false, hasBegun: Bool = false, _ around: inout Surroundings
    ) -> Action {
        let manner = manner(for: ending.reason)
        guard manner != .none, around.farewells < Surroundings.farewellsAtOnce else { return end(ending, &around) }
        // An alert before the hello would be an answer to nothing.
        let mayAnswer = record.hello != nil || record.inboundBytes > 0 || hasBegun
        leave(&around)
        around.farewells += 1
        switch manner {
        case .words(let words):
            return tell(endsLine ? Array("\r\n".utf8) + words : words, ending, now: around.now)
        case .alert where mayAnswer:
            return tellAlert(ending, now: around.now)
        case .alert, .none:
            phase = .awaitingHello(ending)
            deadline = around.now + frontend.helloLimit
            return .awaitHello
        }
    }

    private func manner(for reason: CloseReason) -> Refusal.Manner {
        switch reason.rule.told {
        case .nothing: .none
        case .unavailable: frontend.unavailable
        case .tooManyConnections: frontend.tooManyConnections
        case .notAccepted: frontend.notAccepted
        case .unknownName: frontend.unavailable == .alert ? .alert : .none
        }
    }

    /// The client may have begun with its hello.
    mutating func readBeforeAlert(_ bytes: Span<UInt8>, _ ending: Ending, _ around: inout Surroundings) -> Action {
        switch TLSAlert.isHandshake(bytes) {
        case true?: tellAlert(ending, now: around.now)
        case nil where !bytes.isEmpty: .wait(.client, until: deadline)
        case false?, nil: end(ending, &around)
        }
    }

    private mutating func tellAlert(_ ending: Ending, now: UInt64) -> Action {
        tell(
            (ending.reason.rule.told == .unknownName ? TLSAlert.unrecognizedName : .internalError).bytes, ending,
            now: now)
    }

    private mutating func tell(_ words: [UInt8], _ ending: Ending, now: UInt64) -> Action {
        phase = .farewell(ending)
        deadline = now + Self.farewellLimit
        return .tell(words)
    }

    /// Whether the words went out whole.
    package mutating func told(_ isWhole: Bool, _ around: inout Surroundings) -> Action {
        guard case .farewell(let ending) = phase else { return .nothing }
        guard isWhole else { return end(ending, &around) }
        record.wasRefused = true
        return .discard
    }

    /// The client said more, or left.
    package mutating func discarded(_ answer: DiscardAnswer, _ around: inout Surroundings) -> Action {
        guard case .farewell(let ending) = phase else { return .nothing }
        switch answer {
        case .more: return .discard
        case .dry: return .wait(.client, until: deadline)
        case .over: return end(ending, &around)
        }
    }
}
