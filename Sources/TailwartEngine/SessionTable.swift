import TailwartCore
import TailwartSystem

/// Where a worker keeps its sessions: chunks that never move, slots that are used again.
struct SessionTable: ~Copyable {
    /// Sessions per chunk; memory is taken a chunk at a time and kept.
    private static let chunkSize = 128

    private var chunks: [UnsafeMutablePointer<Session>] = []
    private var isLive: [Bool] = []
    private var free: [UInt32] = []
    private var lastGeneration: UInt32 = 0
    private(set) var count = 0

    /// One more than the highest index ever given.
    var capacity: Int { isLive.count }

    /// A new session, with the client's leg alone.
    mutating func insert(_ connection: consuming Connection, client: consuming Descriptor)
        -> UnsafeMutablePointer<Session>
    {
        let index: UInt32
        if let reused = free.popLast() {
            index = reused
        } else {
            index = UInt32(isLive.count)
            if isLive.count % Self.chunkSize == 0 { chunks.append(.allocate(capacity: Self.chunkSize)) }
            isLive.append(false)
        }
        let leg = Leg(client, generation: nextGeneration())
        slot(index).initialize(to: Session(connection: connection, client: leg, index: index))
        isLive[Int(index)] = true
        count += 1
        return slot(index)
    }

    /// For a new leg. Grows with each, so that an event of a leg that is gone cannot reach the next one in its place; 0 is none.
    mutating func nextGeneration() -> UInt32 {
        lastGeneration = lastGeneration == LegToken.generationMask ? 1 : lastGeneration + 1
        return lastGeneration
    }

    /// Ends the session in the slot; its descriptors must be closed.
    mutating func remove(_ index: UInt32) {
        slot(index).deinitialize(count: 1)
        isLive[Int(index)] = false
        free.append(index)
        count -= 1
    }

    /// Nil if the leg that the token names is gone.
    func find(_ token: LegToken) -> LegReference? {
        let index = Int(token.index)
        guard index < isLive.count, isLive[index] else { return nil }
        let leg = LegReference(slot(token.index), token.isUpstream ? .upstream : .client)
        return leg.token == token ? leg : nil
    }

    func live(at index: UInt32) -> UnsafeMutablePointer<Session>? {
        isLive[Int(index)] ? slot(index) : nil
    }

    private func slot(_ index: UInt32) -> UnsafeMutablePointer<Session> {
        chunks[Int(index) / Self.chunkSize] + Int(index) % Self.chunkSize
    }

    deinit {
        for index in isLive.indices where isLive[index] { slot(UInt32(index)).deinitialize(count: 1) }
        for chunk in chunks { chunk.deallocate() }
    }
}

/// A leg that is there, found by the token of just this leg. Who goes on with it after a step that can replace the leg or end the
/// session looks it up again.
struct LegReference {
    let session: UnsafeMutablePointer<Session>
    let side: Side
    let token: LegToken

    /// The leg that the session has now.
    init(_ session: UnsafeMutablePointer<Session>, _ side: Side) {
        self.session = session
        self.side = side
        let generation = side == .client ? session.pointee.client.generation : session.pointee.upstream.generation
        token = LegToken(index: session.pointee.index, generation: generation, isUpstream: side == .upstream)
    }
}

/// What epoll gives back with an event of a leg: which session, which side, and which of the legs that stood there one after the other.
struct LegToken: Equatable {
    static let generationMask: UInt32 = 0x0fff_ffff

    let rawValue: UInt64

    init(rawValue: UInt64) { self.rawValue = rawValue }

    init(index: UInt32, generation: UInt32, isUpstream: Bool) {
        rawValue = UInt64(index) | UInt64(isUpstream ? 1 : 0) << 32 | UInt64(generation) << 33
    }

    var index: UInt32 { UInt32(truncatingIfNeeded: rawValue) }
    var isUpstream: Bool { rawValue >> 32 & 1 == 1 }
}
