/// Where a worker keeps its sessions: chunks that never move, slots that are used again.
///
/// A slot is named by its index and a generation that grows each time the slot is given back, so that an event of a connection
/// that is gone cannot reach the next one in its place.
struct SessionTable: ~Copyable {
    /// Sessions per chunk; memory is taken a chunk at a time and kept.
    private static let chunkSize = 128

    private var chunks: [UnsafeMutablePointer<Session>] = []
    private var generations: [UInt32] = []
    private var isLive: [Bool] = []
    private var free: [UInt32] = []
    private(set) var count = 0

    /// One more than the highest index ever given.
    var capacity: Int { generations.count }

    mutating func insert(_ session: consuming Session) -> UInt32 {
        let index: UInt32
        if let reused = free.popLast() {
            index = reused
        } else {
            index = UInt32(generations.count)
            if generations.count % Self.chunkSize == 0 {
                chunks.append(.allocate(capacity: Self.chunkSize))
            }
            generations.append(0)
            isLive.append(false)
        }
        session.index = index
        slot(index).initialize(to: session)
        isLive[Int(index)] = true
        count += 1
        return index
    }

    /// Ends the session in the slot; its descriptors must be closed.
    mutating func remove(_ index: UInt32) {
        slot(index).deinitialize(count: 1)
        generations[Int(index)] = (generations[Int(index)] + 1) & SessionToken.generationMask
        isLive[Int(index)] = false
        free.append(index)
        count -= 1
    }

    func generation(of index: UInt32) -> UInt32 { generations[Int(index)] }

    /// Nil if the session that the token names is gone.
    func find(_ token: SessionToken) -> UnsafeMutablePointer<Session>? {
        let index = Int(token.index)
        guard index < generations.count, isLive[index], generations[index] == token.generation else { return nil }
        return slot(token.index)
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

/// What epoll gives back with an event of a session: which slot, which of its lives, which side.
struct SessionToken: Equatable {
    static let generationMask: UInt32 = 0x0fff_ffff

    let rawValue: UInt64

    init(rawValue: UInt64) { self.rawValue = rawValue }

    init(index: UInt32, generation: UInt32, isUpstream: Bool) {
        rawValue = UInt64(index) | UInt64(isUpstream ? 1 : 0) << 32 | UInt64(generation) << 33
    }

    var index: UInt32 { UInt32(truncatingIfNeeded: rawValue) }
    var isUpstream: Bool { rawValue >> 32 & 1 == 1 }
    var generation: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 33) & Self.generationMask }
}
