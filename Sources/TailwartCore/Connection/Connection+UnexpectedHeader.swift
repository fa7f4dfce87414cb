import TailwartWire

/// A client that begins with a PROXY header at a listener that takes none: a load balancer in front of which the file says nothing, or
/// this edge itself. The mailbox would take the header for commands, or believe whatever address stands in it; and where its address leads
/// back to the edge, by a SOCKS server or a router, each connection would dial the next for ever (``OwnDoors`` knows what this host
/// can).
///
/// The header of the connection before comes when the next one is dialled already. So who has begun with one is remembered, by its
/// address, and let begin before anybody is dialled: a loop ends there, and any other client has lost a moment at most. The place is
/// innocent: anybody can send a header.
extension Connection {
    /// How long a client whose address is suspected may take to begin, in microseconds.
    package static let beginningLimit: UInt64 = 1_000_000

    /// Not of an unknown protocol that goes on as it comes: what is in front and what is behind may have agreed on the header.
    var looksForHeader: Bool {
        !bringsHeader && (frontend.listener.proto != .tcp || passage.sendsSomeHeader)
    }

    /// Of all that has come, before any of it is passed on.
    func isUnexpectedHeader(_ bytes: Span<UInt8>) -> Bool { ProxyHeader.isBegun(by: bytes) && looksForHeader }

    /// Whether the client may be a loop, and has to show that it is not. One that has sent its hello has begun already.
    func mustBegin(_ around: borrowing Surroundings) -> Bool {
        record.hello == nil && looksForHeader && around.suspects(record.client?.ip)
    }

    /// Waits for the first bytes of a suspected client.
    mutating func letBegin(now: UInt64) -> Action {
        phase = .suspected
        deadline = now + Self.beginningLimit
        return .peekClient(ProxyHeader.maximumBeginning)
    }

    mutating func readBeginning(_ bytes: Span<UInt8>, _ around: inout Surroundings) -> Action {
        if bytes.isEmpty { return end(Ending(.client, .clientLeft), &around) }
        return isUnexpectedHeader(bytes) ? headerWasUnexpected(&around) : beginDial(passage, &around)
    }

    /// The client began with a header, of which nothing was passed on, or less than tells it from all else.
    package mutating func headerWasUnexpected(_ around: inout Surroundings) -> Action {
        if let client = record.client { around.suspect(client.ip) }
        return turnAwayBehindGreeting(Ending(.edge, .proxyHeaderUnexpected), hasBegun: true, &around)
    }
}
