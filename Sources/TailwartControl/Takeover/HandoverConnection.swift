import Glibc
import Synchronization
import TailwartSystem
import TailwartWire

/// The connection of two processes in a handover: messages, and descriptors in them.
struct HandoverConnection: ~Copyable {
    enum News: ~Copyable {
        case message(HandoverMessage, DescriptorList)
        /// Something that is no message.
        case other
        case end
        case nothing
    }

    private var socket: PacketSocket
    /// It was said: an end stays readable for ever, and what else is to be waited for must get its turn.
    private let hasEnded = Atomic<Bool>(false)

    init(_ socket: consuming PacketSocket) { self.socket = socket }

    var raw: CInt { socket.raw }

    /// Whether its user may have this process's sockets, or give some to it.
    var isTrusted: Bool { Socket(raw: raw).peer?.isTrusted ?? false }

    /// A peer that does not read, or is gone, is found out by what it does not answer. Messages are few and small, so that they fit where they
    /// wait.
    borrowing func send(_ message: HandoverMessage, passing descriptors: [CInt] = []) {
        _ = socket.send(message.bytes, passing: descriptors)
    }

    /// The end is told once.
    borrowing func receive() -> News {
        guard !hasEnded.load(ordering: .relaxed) else { return .nothing }
        switch socket.receive(limit: HandoverMessage.maximumLength) {
        case .wouldBlock: return .nothing
        case .end:
            hasEnded.store(true, ordering: .relaxed)
            return .end
        case .failed:
            hasEnded.store(true, ordering: .relaxed)
            return .end
        case .truncated: return .other
        case .packet(let bytes, let descriptors):
            guard case .found(let message) = HandoverMessage.parse(bytes.span) else { return .other }
            return .message(message, descriptors)
        }
    }

    /// Waits for something to read here or at one of the others, or for the time.
    ///
    /// - Parameter deadline: microseconds on the monotonic clock; nil waits for ever.
    borrowing func wait(until deadline: UInt64?, or others: [CInt]) {
        Self.wait(for: (hasEnded.load(ordering: .relaxed) ? [] : [raw]) + others, until: deadline)
    }

    static func wait(for descriptors: [CInt], until deadline: UInt64?) {
        var polls = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        let now = Clock.monotonic()
        let left = deadline.map { $0 > now ? CInt(clamping: ($0 - now + 999) / 1000) : 0 }
        // Interrupted or early: who waits looks again.
        _ = poll(&polls, UInt(polls.count), left ?? -1)
    }

    mutating func close() { socket.close() }
}
