import TailwartCore
import TailwartSystem

/// One of a session's two sockets: what epoll knows of it, and what is known of its stream.
struct Leg: ~Copyable {
    private(set) var descriptor: Descriptor
    /// Different for each leg of a worker, so that a late event of a leg that was replaced is told from one of its successor.
    let generation: UInt32
    var isRegistered = false
    var isRegisteredForWriting = false
    /// An end, an error or urgent data was announced: a short read no longer means that nothing is left.
    var mustReadToEnd = false
    /// The peer has finished: its end is behind what it sent.
    var hasFinished = false

    /// None.
    init() {
        descriptor = Descriptor()
        generation = 0
    }

    init(_ descriptor: consuming Descriptor, generation: UInt32) {
        self.descriptor = descriptor
        self.generation = generation
    }

    var isOpen: Bool { descriptor.isOpen }
    var socket: Socket { descriptor.socket }

    mutating func close(abortively: Bool) {
        if abortively { descriptor.closeAbortively() } else { descriptor.close() }
    }
}
