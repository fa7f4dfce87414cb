import TailwartWire

/// The greeting: where a PROXY header was sent to a server that speaks first, its words are looked at until its client has spoken.
///
/// One that does not trust the header takes it for commands, and its answers would reach the client as answers to the client's own
/// commands: a sending mail server gives back the mail for them. So they are kept from it, and it is told to come again later. From the
/// client's first byte on nothing is looked at, but for the answer to an EHLO: what a server says to the header it says before that.
extension Connection {
    /// How soon a server answers a header, in microseconds after its greeting. Later it speaks for itself: `-ERR Disconnected for
    /// inactivity`.
    private static let answerLimit: UInt64 = 10_000_000

    /// Whether the bytes that are read have to be shown before they are passed on: the upstream's to ``heard(_:now:)``, with
    /// ``undecidedCount`` before them, and the client's to ``clientSpoke(_:)``.
    package func mustShow(_ direction: Direction) -> Bool {
        isListening || (direction == .inbound && relaying.search != nil)
    }

    package var isListening: Bool { relaying.reader != nil }

    /// Bytes of the upstream that were shown and could not be passed on.
    package var undecidedCount: Int { Int(relaying.undecided.count) }

    package func writeUndecided(into memory: inout MutableSpan<UInt8>) { relaying.undecided.write(into: &memory) }

    mutating func listen() {
        if looksForHeader { relaying.search = ProxyHeader.Search() }
        guard sendsHeader else { return }
        relaying.reader = GreetingReader.Dialect(frontend.listener.proto).map { GreetingReader($0) }
    }

    /// The upstream said something.
    ///
    /// - Returns: how many of the bytes are to be passed on now; nil if none is, as they answer the header.
    package mutating func heard(_ bytes: Span<UInt8>, now: UInt64) -> Int? {
        if record.outboundBytes > 0, now > relaying.lastActivity + Self.answerLimit { relaying.reader?.stop() }
        let before = relaying.reader
        switch relaying.reader?.read(bytes) ?? .passes(bytes.count) {
        case .answersNobody:
            // Nothing of this piece passes: where the client stands now is where it stood.
            relaying.reader = before
            return nil
        case .passes(let count):
            relaying.undecided.keep(bytes.extracting(count...))
            if relaying.reader?.isOver ?? true { stopListening() }
            return count
        }
    }

    /// The upstream has ended: there is nothing more to learn of what was undecided, ``undecidedCount`` bytes that are to be passed on.
    package mutating func heardAll() {
        relaying.undecided = Undecided()
        stopListening()
    }

    /// The client said something, while that has to be shown.
    ///
    /// - Returns: false if it is not to be passed on: ``headerWasUnexpected(_:)``.
    package mutating func clientSpoke(_ bytes: Span<UInt8>) -> Bool {
        if relaying.search?.finds(bytes) == true { return false }
        noteFirstBytes(bytes)
        if relaying.search?.isOver == true { relaying.search = nil }
        guard isListening else { return true }
        relaying.reader?.clientSpoke(bytes)
        stopListeningIfOver()
        return true
    }

    /// A program that speaks HTTP or TLS to whatever answers does not wait for a banner.
    private mutating func noteFirstBytes(_ bytes: Span<UInt8>) {
        guard record.inboundBytes == 0, record.outboundBytes == 0, !bytes.isEmpty else { return }
        switch frontend.listener.proto {
        case .smtp, .submission: record.spokeNoSMTP = !SMTPCommand.mayBegin(bytes)
        default: break
        }
    }

    /// The client will never say anything.
    mutating func clientIsDone() {
        relaying.reader?.stop()
        stopListeningIfOver()
    }

    private mutating func stopListeningIfOver() {
        // What is undecided goes out before whatever comes next.
        if relaying.reader?.isOver ?? true, undecidedCount == 0 { stopListening() }
    }

    private mutating func stopListening() {
        relaying.reader = nil
        // Of the first bytes the relay takes note.
        if record.outboundBytes > 0 { upstreamSpoke(now: relaying.lastActivity) }
    }

    /// The upstream has answered the header. Another address may trust it, and as long as the client has seen nothing it is dialled;
    /// else the client is told to come again, in place of the greeting or as the next reply.
    package mutating func headerWasAnswered(_ around: inout Surroundings) -> Action {
        dialledAddress?.distrusts(now: around.now)
        place?.headerWasAnswered()
        let ending = Ending(.upstream, .headerNotTrusted)
        if record.outboundBytes == 0, record.inboundBytes == 0 { return dialAnew(mayUseWarm: true, &around) }
        return turnAwayBehindGreeting(ending, &around)
    }

    /// Turns away a client that may have seen a greeting, or a part of it.
    mutating func turnAwayBehindGreeting(
        _ ending: Ending, hasBegun: Bool = false, _ around: inout Surroundings
    ) -> Action {
        // A client that has not taken the greeting yet cannot be told anything behind it.
        guard relaying.relay.outbound.pending == 0 else { return end(ending, &around) }
        // A line of the greeting that has begun is ended first, or the refusal would be the rest of it.
        return turnAway(ending, endsLine: relaying.reader?.isInLine ?? false, hasBegun: hasBegun, &around)
    }

    /// The address that the present leg is connected to.
    private var dialledAddress: PlaceAddress? {
        guard let index = passage.places.firstIndex(where: { $0 === place }) else { return nil }
        let addresses = passage.addresses[index]
        // Where somebody else dials, and on a Unix socket, there is one.
        return addresses.count == 1
            ? addresses[0] : addresses.first { $0.dialled(doorPort: doorPort).internet == record.upstreamAddress }
    }
}

extension GreetingReader.Dialect {
    /// Nil where the client speaks first.
    fileprivate init?(_ proto: ListenerProtocol) {
        switch proto {
        case .smtp, .submission: self = .smtp
        case .imap: self = .imap
        case .pop3: self = .pop3
        case .sieve: self = .sieve
        case .submissions, .imaps, .pop3s, .https, .tcp: return nil
        }
    }
}
