import TailwartCore
import TailwartSystem
import TailwartWire

/// One accepted connection, from accept to record: its two legs, where it stands, and what its record will say.
///
/// Kept small, since a mail edge mostly holds idle ones: no buffer is owned while nothing is pending.
struct Session: ~Copyable {
    /// Where the connection stands. Each phase has its file `Worker+….swift`.
    enum Phase: UInt8 {
        /// Waits for a PROXY header from the client.
        case proxyHeader
        /// Waits for a whole ClientHello.
        case hello
        /// Waits for the connect to the upstream.
        case dial
        /// Waits for the SOCKS proxy on the way to the upstream.
        case socksMethod
        case socksReply
        /// Waits for the tailscaled on the way to the upstream.
        case tailscale
        /// Waits to dial anew, because the upstream asks to hold the client.
        case hold
        case relay
        /// Cannot be served, and waits for the client's hello to be told so.
        case beforeFarewell
        /// Was told so; waits for the client to take it in and leave.
        case farewell
    }

    /// Who stands on the way to the upstream and is spoken to first.
    enum Carrier: UInt8 {
        case none
        case socks
        case tailscale
    }

    /// What epoll knows of a leg and what is known of its stream.
    struct Leg: OptionSet {
        let rawValue: UInt8

        static let registered = Leg(rawValue: 1)
        static let registeredForWriting = Leg(rawValue: 3)
        /// An end, an error or urgent data was announced: a short read no longer means that nothing is left.
        static let readToEnd = Leg(rawValue: 4)
    }

    var client: Descriptor
    var upstream = Descriptor()
    var index: UInt32 = 0
    var phase = Phase.dial
    var clientLeg: Leg = []
    var upstreamLeg: Leg = []
    var keepsAlive = false
    /// Whether a flow that spent its budget waits for its next turn.
    var inboundIsQueued = false
    var outboundIsQueued = false
    /// Cannot go on, and ends when its timer fires.
    var isDoomed = false
    /// Whether the endpoint's load counts this connection.
    var isCounted = false
    /// Whether the client was told why, in its own protocol.
    var wasRefused = false
    /// Whether the limits no longer count it, because it is only told why it cannot be served.
    var hasLeft = false
    /// Whether it is one of those that the worker holds.
    var isHeld = false
    /// Whether the upstream leg was connected before the client came; and whether one such leg has been used up.
    var isWarm = false
    var hasUsedWarm = false

    /// Owns one reference; ends in the record.
    let topology: Unmanaged<Topology>
    /// Of the topology, which keeps them; so are the passage and the place.
    let frontend: Unmanaged<Frontend>
    let door: Unmanaged<Door>
    /// Nil before a route to an upstream was matched.
    var passage: Unmanaged<Passage>?
    /// The one that is dialled or was reached.
    var place: Unmanaged<Place>?
    let id: UInt64
    /// Where the client came in; dialled where neither route nor endpoint name a port. 0 on a unix socket.
    var listenerPort: UInt16 = 0
    /// −1 before a route was matched.
    var route: Int32 = -1
    /// The endpoint that is dialled or was reached, of the passage; −1 for none.
    var endpoint: Int32 = -1
    var firstEndpoint: Int32 = 0
    var attempt: Int32 = 0
    /// Which of the endpoint's addresses.
    var address: Int32 = 0
    var header = ProxyProtocolOut(.none)
    var carrier = Carrier.none

    /// Microseconds since 1970.
    let acceptedAt: Int64
    /// Microseconds on the monotonic clock, as all that follow.
    let startedAt: UInt64
    var lastActivity: UInt64
    /// When the present phase, or the hold, is over.
    var deadline: UInt64 = 0
    var holdUntil: UInt64 = 0
    /// For each address.
    var connectLimit: UInt64 = 0
    let silenceLimits: SilenceLimits
    var toRoute: UInt32 = .max
    var toConnect: UInt32 = .max
    var toFirstByte: UInt32 = .max

    /// As the PROXY header gives them, else of the socket.
    var clientAddress: InternetAddress?
    var destination: InternetAddress?
    var upstreamAddress: InternetAddress?
    /// Set when the hello was read; ends in the record, as the topology.
    var hello: Unmanaged<HelloNote>?
    /// Why the last dial failed, for the record if none succeeds.
    var dialFailure = CloseReason.upstreamUnresolved
    /// What the record will say; known from the farewell on.
    var ending = Ending(.edge, .drained)

    var relay = Relay()
    var inboundBytes: UInt64 = 0
    var outboundBytes: UInt64 = 0
    var inboundLeftover = Leftover()
    var outboundLeftover = Leftover()
    var inboundPipe = PipePool.none
    var outboundPipe = PipePool.none

    init(
        client: consuming Descriptor, address: InternetAddress?, topology: Unmanaged<Topology>, frontend: Frontend,
        door: Door, id: UInt64, now: UInt64
    ) {
        self.client = client
        clientAddress = address
        self.topology = topology
        self.frontend = .passUnretained(frontend)
        self.door = .passUnretained(door)
        self.id = id
        silenceLimits = frontend.silenceLimits
        acceptedAt = Clock.wall()
        startedAt = now
        lastActivity = now
    }

    func socket(_ side: Side) -> Socket {
        side == .client ? client.socket : upstream.socket
    }

    func sinceAccept(_ now: UInt64) -> UInt32 {
        UInt32(clamping: now - startedAt)
    }
}

/// Bytes that were read and that the sink did not take: lives only while there are any.
struct Leftover {
    private(set) var bytes: UnsafeMutableRawPointer?
    private var start = 0

    var isEmpty: Bool { bytes == nil }

    /// Keeps a copy of what is pending.
    mutating func keep(_ pending: UnsafeRawBufferPointer) {
        let copy = UnsafeMutableRawPointer.allocate(byteCount: pending.count, alignment: 1)
        if let base = pending.baseAddress { copy.copyMemory(from: base, byteCount: pending.count) }
        bytes = copy
        start = 0
    }

    /// The `pending` bytes that are left.
    func pending(_ count: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: bytes.map { UnsafeRawPointer($0 + start) }, count: count)
    }

    /// The sink took `count` bytes; `left` remain.
    mutating func took(_ count: Int, left: Int) {
        start += count
        if left == 0 { free() }
    }

    mutating func free() {
        bytes?.deallocate()
        bytes = nil
        start = 0
    }
}
