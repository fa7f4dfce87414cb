package import TailwartWire

/// One accepted connection, from accept to record, as a state machine without I/O and clock.
///
/// The engine tells it what happened, through one method for each kind of event, and does what the answer says: an ``Action``, one
/// at a time, until it is told to wait or that the connection is over. All that needs no system call is decided here: the next address,
/// whether to hold, to dial anew after a warm socket, to refuse or to end, what counts against a ``Place``, and which deadline holds.
///
/// ```text
/// proxyHeader ─▶ hello ─▶ suspected ─▶ takingWarm ─▶ connecting ─▶ passing ─▶ greeting ─▶ relaying
///      │           │          │            ▲  held ◀──────┴───────────┴─────────┘            │
///      └───────────┴──────────┴────────────┴───▶ awaitingHello ─▶ farewell ─▶ over ◀─────────┘
/// ```
///
/// Times are microseconds on the monotonic clock.
package struct Connection: ~Copyable {
    /// What the connection waits for, with what only that phase knows.
    package enum Phase: Sendable {
        /// A PROXY header from the client.
        case proxyHeader
        /// A whole ClientHello.
        case hello
        /// The first bytes of a client whose address has lately begun with a PROXY header that nobody asked for.
        case suspected
        /// A socket that was connected before the client came.
        case takingWarm(Dial)
        /// The answer of a connect.
        case connecting(Dial)
        /// Whoever stands on the way to the upstream.
        case passing(Dial, WayStep)
        /// The upstream's leg, which is to take the PROXY header.
        case greeting(Dial, Greeting)
        /// The time to dial anew, because the upstream asks to hold the client.
        case held(Dial)
        /// Bytes flow; see ``Relaying``.
        case relaying
        /// The client's hello, to answer it with an alert: the connection cannot be served.
        case awaitingHello(Ending)
        /// The client, which was told why it cannot be served, to take that in and leave.
        case farewell(Ending)
        case over
    }

    /// What is waited for from who stands on the way to the upstream.
    package enum WayStep: Sendable {
        case socksMethod
        case socksReply
        case tailscaled
    }

    /// How the leg came about that is to take the PROXY header.
    package enum Greeting: Sendable {
        /// The connect is not known to be done: a header that is refused for now goes out when it is.
        case early
        case connected
        /// It was connected before the client came.
        case warm
    }

    /// Where dialling stands: which address of which endpoint. Kept small, as all that a session holds.
    package struct Dial: Sendable {
        /// The endpoint that the policy chose to be the first.
        var first: Int32
        /// The present one.
        var endpoint: Int32 = 0
        /// How many endpoints have been given up.
        var attempt: Int32 = 0
        /// The present address of it, by number.
        var address: Int32 = 0
        /// Bit by bit, its addresses that had their turn, and those of them that had a short one.
        var tried: UInt32 = 0
        var hurried: UInt32 = 0
        /// Whether the addresses that had a short turn have their long one now.
        var isPatient = false
        /// Whether the last address failed in a way that counts against the place if no other does better.
        var isBlamed = false
        /// Why the last address failed, for the record if none succeeds.
        var failure = CloseReason.upstreamUnresolved
        /// Whether the client is one of those that the worker holds.
        package internal(set) var isHeld = false
        /// Whether warm sockets are asked for. Behind one that died as it was used comes a dial.
        var mayUseWarm: Bool
    }

    /// What is known of the phase in which bytes flow.
    package struct Relaying: Sendable {
        package internal(set) var lastActivity: UInt64 = 0
        package internal(set) var relay = Relay()
        /// Where the round of dialling began, for one that has to begin anew.
        var first: Int32 = 0
        /// Whether the leg was connected before the client came.
        var isWarm = false
        /// Whether the place's load counts this connection.
        var isCounted = false
        var keepsAlive = false
        /// Whether the kernel's patience is that of a fresh dial, until the upstream has spoken.
        var hasDialPatience = false
        /// Reads the greeting of a server that was sent a PROXY header, until its client has spoken; nil as soon as nothing is looked at.
        var reader: GreetingReader?
        var undecided = Undecided()
        /// Looks for a PROXY header that nobody asked for; nil as soon as there can be none.
        var search: ProxyHeader.Search?
    }

    /// The first bytes of what the upstream said, which do not tell yet whether the client may have them.
    struct Undecided: Sendable {
        private var bytes: (UInt8, UInt8, UInt8) = (0, 0, 0)
        private(set) var count: UInt8 = 0

        /// - Parameter bytes: at most ``GreetingReader/maximumUndecided``.
        mutating func keep(_ bytes: Span<UInt8>) {
            count = UInt8(bytes.count)
            if bytes.count > 0 { self.bytes.0 = bytes[0] }
            if bytes.count > 1 { self.bytes.1 = bytes[1] }
            if bytes.count > 2 { self.bytes.2 = bytes[2] }
        }

        func write(into memory: inout MutableSpan<UInt8>) {
            if count > 0 { memory[0] = bytes.0 }
            if count > 1 { memory[1] = bytes.1 }
            if count > 2 { memory[2] = bytes.2 }
        }
    }

    package internal(set) var phase = Phase.proxyHeader
    /// Of the relaying phase, but beside it: it is changed at every step, and a payload would be copied out and in each time (2 000
    /// instructions for a short connection).
    package internal(set) var relaying = Relaying()
    /// What is known so far; whole once the connection is over.
    package internal(set) var record: Record
    /// Where the client came in.
    private let doorReference: Unmanaged<Door>
    /// Its port: 0 on a Unix socket.
    let doorPort: UInt16
    /// Where the client went: the door's address, or what a PROXY header says; nil while only the socket knows.
    var destination: InternetAddress?
    let startedAt: UInt64
    /// Where its client is counted for its limits.
    var places = ClientLimiter.Places()
    /// Where it is counted while it has not said yet what it wants, and is waited for.
    var pendingSlot = ClientTable.Slot.none
    package internal(set) var isPending = false
    /// Whether the client has to send a PROXY header, or has sent it.
    var bringsHeader = false
    /// What the place gets that is dialled.
    package internal(set) var header = ProxyProtocolOut(.none)
    /// When the present phase is over.
    var deadline: UInt64 = 0

    /// - Parameters:
    ///   - record: with the topology, of which the frontend and the door are parts, and with the client's address.
    ///   - destination: nil where only the socket knows.
    package init(
        _ record: Record, door: Door, port: UInt16, destination: InternetAddress?, now: UInt64
    ) {
        self.record = record
        doorReference = .passUnretained(door)
        doorPort = port
        self.destination = destination
        startedAt = now
    }

    // MARK: - what the topology says; each lives as long as the topology does, of which the connection holds a reference

    var topology: Topology { record.topology.takeUnretainedValue() }
    var frontend: Frontend { record.frontend.takeUnretainedValue() }
    var door: Door { doorReference.takeUnretainedValue() }
    var place: Place? { record.place?.takeUnretainedValue() }

    /// Where the route leads.
    var passage: Passage {
        guard let passage = record.passage else { preconditionFailure("dialled before a route was matched") }
        return passage.takeUnretainedValue()
    }

    /// Whether the place that is dialled is to have a PROXY header.
    var sendsHeader: Bool { header.version != .none }

    /// Whether the answer of a connect is waited for.
    package var isConnecting: Bool {
        if case .connecting = phase { true } else { false }
    }

    func sinceAccept(_ now: UInt64) -> UInt32 { UInt32(clamping: now - startedAt) }
}
