/// What one direction of a relay has borrowed: bytes that the sink would not take, and a pipe.
struct Lane {
    var leftover = Leftover()
    var pipe = PipePool.none
    /// Bytes in the pipe.
    var pipedBytes = 0
    /// Whether it spent its turn and waits for the next one.
    var isQueued = false
}

/// Bytes that were read and that the sink did not take: lives only while there are any.
struct Leftover {
    private var bytes: UnsafeMutableRawPointer?
    private var start = 0
    private(set) var count = 0

    var isEmpty: Bool { bytes == nil }

    /// Keeps a copy of what is pending.
    mutating func keep(_ pending: UnsafeRawBufferPointer) {
        let copy = UnsafeMutableRawPointer.allocate(byteCount: pending.count, alignment: 1)
        if let base = pending.baseAddress { copy.copyMemory(from: base, byteCount: pending.count) }
        bytes = copy
        start = 0
        count = pending.count
    }

    var pending: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: bytes.map { UnsafeRawPointer($0 + start) }, count: count)
    }

    /// The sink took so many bytes.
    mutating func took(_ taken: Int) {
        start += taken
        count -= taken
        if count == 0 { free() }
    }

    mutating func free() {
        bytes?.deallocate()
        bytes = nil
        start = 0
        count = 0
    }
}
