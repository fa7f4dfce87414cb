/// What one direction of a relay has borrowed: bytes that the sink would not take, and a pipe.
struct Lane {
    var leftover = Leftover()
    /// Bytes in the pipe.
    var pipedBytes: Int32 = 0
    var pipe = PipePool.none
    /// Whether it spent its turn and waits for the next one.
    var isQueued = false
}

/// Bytes that were read and that the sink did not take: lives only while there are any.
///
/// One pointer, since every session has two: where it points, how many bytes were kept and how many of them were taken stand before the
/// bytes themselves.
struct Leftover {
    private struct Head {
        var start: Int32
        var end: Int32
    }

    private var head: UnsafeMutablePointer<Head>?

    var isEmpty: Bool { head == nil }
    var count: Int { head.map { Int($0.pointee.end - $0.pointee.start) } ?? 0 }

    /// Keeps a copy of what is pending, at most 2 GiB.
    mutating func keep(_ pending: UnsafeRawBufferPointer) {
        let size = MemoryLayout<Head>.size
        let block = UnsafeMutableRawPointer.allocate(
            byteCount: size + pending.count, alignment: MemoryLayout<Head>.alignment)
        if let base = pending.baseAddress { (block + size).copyMemory(from: base, byteCount: pending.count) }
        head = block.initializeMemory(as: Head.self, to: Head(start: 0, end: Int32(pending.count)))
    }

    var pending: UnsafeRawBufferPointer {
        guard let head else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(start: UnsafeRawPointer(head + 1) + Int(head.pointee.start), count: count)
    }

    /// The sink took so many bytes.
    mutating func took(_ taken: Int) {
        head?.pointee.start += Int32(taken)
        if count == 0 { free() }
    }

    mutating func free() {
        head?.deallocate()
        head = nil
    }
}
