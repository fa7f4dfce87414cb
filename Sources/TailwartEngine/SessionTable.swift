import TailwartCore
import TailwartSystem

/// Where a worker keeps its sessions: chunks that never move, slots that are used again, the lowest first, so that what a storm took at
/// the upper end is soon empty and can be given back.
struct SessionTable: ~Copyable {
    /// Sessions per chunk, one bit of a word for each; memory is taken and given back a chunk at a time.
    static let chunkSize = 64
    /// Empty chunks that are kept for the next wave: about 400 KiB.
    static let keptChunks = 16

    private struct Chunk {
        /// Nil while no memory is held.
        var slots: UnsafeMutablePointer<Session>?
        /// Bit by bit, the slots that are in use.
        var live: UInt64 = 0
    }

    private var chunks: [Chunk] = []
    /// All before it are full.
    private var firstWithRoom = 0
    private var emptyChunks = 0
    private var lastGeneration: UInt32 = 0
    private(set) var count = 0

    /// More than the highest index ever given.
    var capacity: Int { chunks.count * Self.chunkSize }
    /// Chunks that hold memory.
    var heldChunks: Int { chunks.count { $0.slots != nil } }

    /// A new session, with the client's leg alone.
    mutating func insert(_ connection: consuming Connection, client: consuming Descriptor)
        -> UnsafeMutablePointer<Session>
    {
        while firstWithRoom < chunks.count, chunks[firstWithRoom].live == .max { firstWithRoom += 1 }
        if firstWithRoom == chunks.count { chunks.append(Chunk()) }
        let slots = memory(of: firstWithRoom)
        let bit = (~chunks[firstWithRoom].live).trailingZeroBitCount
        chunks[firstWithRoom].live |= 1 << UInt64(bit)
        count += 1
        let leg = Leg(client, generation: nextGeneration())
        let index = UInt32(firstWithRoom * Self.chunkSize + bit)
        (slots + bit).initialize(to: Session(connection: connection, client: leg, index: index))
        return slots + bit
    }

    private mutating func memory(of chunk: Int) -> UnsafeMutablePointer<Session> {
        if let slots = chunks[chunk].slots {
            if chunks[chunk].live == 0 { emptyChunks -= 1 }
            return slots
        }
        let slots = UnsafeMutablePointer<Session>.allocate(capacity: Self.chunkSize)
        chunks[chunk].slots = slots
        return slots
    }

    /// For a new leg. Grows with each, so that an event of a leg that is gone cannot reach the next one in its place; 0 is none.
    mutating func nextGeneration() -> UInt32 {
        lastGeneration = lastGeneration == LegToken.generationMask ? 1 : lastGeneration + 1
        return lastGeneration
    }

    /// Ends the session in the slot; its descriptors must be closed.
    mutating func remove(_ index: UInt32) {
        guard let session = live(at: index) else { preconditionFailure("a session was ended twice") }
        session.deinitialize(count: 1)
        let chunk = Int(index) / Self.chunkSize
        chunks[chunk].live &= ~Self.bit(index)
        count -= 1
        firstWithRoom = min(firstWithRoom, chunk)
        guard chunks[chunk].live == 0 else { return }
        if emptyChunks < Self.keptChunks {
            emptyChunks += 1
        } else {
            chunks[chunk].slots?.deallocate()
            chunks[chunk].slots = nil
        }
    }

    /// Nil if the leg that the token names is gone.
    func find(_ token: LegToken) -> LegReference? {
        guard Int(token.index) < capacity, let session = live(at: token.index) else { return nil }
        let leg = LegReference(session, token.isUpstream ? .upstream : .client)
        return leg.token == token ? leg : nil
    }

    /// - Parameter index: below ``capacity``.
    func live(at index: UInt32) -> UnsafeMutablePointer<Session>? {
        let chunk = chunks[Int(index) / Self.chunkSize]
        guard chunk.live & Self.bit(index) != 0 else { return nil }
        return chunk.slots.map { $0 + Int(index) % Self.chunkSize }
    }

    private static func bit(_ index: UInt32) -> UInt64 { 1 << UInt64(Int(index) % chunkSize) }

    deinit {
        for chunk in chunks {
            guard let slots = chunk.slots else { continue }
            for slot in 0..<Self.chunkSize where chunk.live & 1 << UInt64(slot) != 0 {
                (slots + slot).deinitialize(count: 1)
            }
            slots.deallocate()
        }
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
