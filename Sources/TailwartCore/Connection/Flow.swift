/// One direction of a relay: bytes are taken from a source and given to a sink, in order, each exactly once.
///
/// A value without I/O. ``step()`` says what to do next; the engine does it and reports what the kernel answered through one of
/// the methods below. The rules that keep bytes whole:
/// - *flush before fill*: nothing is read while anything is pending, so memory is bounded and "would block" is unambiguous;
/// - the end is passed on only when nothing is pending, so a half-close never truncates.
package struct Flow: Sendable {
    /// How bytes are carried.
    package enum Carrier: UInt8, Sendable {
        /// `recv` into the worker's buffer, `send` from there.
        case buffer
        /// `splice` through a pipe.
        case pipe
    }

    package enum Step: Equatable, Sendable {
        /// Read once into the carrier, then report with ``filled(_:short:)``, ``fillBlocked()`` or ``sourceEnded()``.
        case fill(Carrier)
        /// Write what is pending, then report with ``flushed(_:)`` or ``flushBlocked()``.
        case flush(Carrier)
        /// Tell the sink that no more will come, then report with ``endPassed()``.
        case passEnd
        /// Nothing to do before the kernel reports readiness.
        case wait
        /// The end was passed on; nothing will ever be to do.
        case finished
    }

    /// Bytes taken from the source and not yet accepted by the sink.
    package var pending: Int { Int(pendingBytes) }
    /// Small, since every session has two flows; one read or splice is far below 2 GiB.
    private var pendingBytes: Int32 = 0
    package private(set) var carrier = Carrier.buffer
    private var mayRead = true
    private var mayWrite = true
    package private(set) var hasEnded = false
    package private(set) var isFinished = false
    /// Reads in a row that filled the buffer; a pipe is worth its price after ``fullReadsBeforePipe``.
    private var fullReads: UInt8 = 0
    /// Since the source last ran dry: decides whether the next burst starts on the pipe.
    private var burst: Int32 = 0

    package static let fullReadsBeforePipe = 2
    /// A burst of at least this many bytes keeps the flow on the pipe for the next burst.
    package static let burstWorthPipe: Int32 = 64 * 1024

    package init() {}

    package func step() -> Step {
        if isFinished { return .finished }
        if pendingBytes > 0 { return mayWrite ? .flush(carrier) : .wait }
        if hasEnded { return .passEnd }
        return mayRead ? .fill(carrier) : .wait
    }

    /// The kernel has more bytes, an end or an error to report on the source.
    package mutating func sourceBecameReadable() { mayRead = true }

    /// The kernel takes bytes again.
    package mutating func sinkBecameWritable() { mayWrite = true }

    /// `count` > 0 bytes were read; `short` if the kernel gave all that it had, so that reading on would only be told so.
    package mutating func filled(_ count: Int, short: Bool) {
        assert(pending == 0 && mayRead && !hasEnded && count > 0)
        pendingBytes = Int32(count)
        // More than enough is enough.
        burst = min(burst, Self.burstWorthPipe) + Int32(min(count, Int(Self.burstWorthPipe)))
        if short {
            mayRead = false
            ranDry()
        } else if carrier == .buffer {
            fullReads += 1
            // The carrier changes in flushed(_:), when nothing is pending: what was read is not moved over.
        }
    }

    /// The source has nothing at the moment.
    package mutating func fillBlocked() {
        assert(pending == 0)
        mayRead = false
        ranDry()
    }

    /// The source said that it will send no more.
    package mutating func sourceEnded() {
        assert(pending == 0)
        hasEnded = true
        mayRead = false
        ranDry()
    }

    /// The sink took `count` > 0 of the pending bytes.
    package mutating func flushed(_ count: Int) {
        assert(count > 0 && count <= pending)
        pendingBytes -= Int32(count)
        if pendingBytes == 0, carrier == .buffer, fullReads >= Self.fullReadsBeforePipe { carrier = .pipe }
    }

    /// The sink takes nothing at the moment.
    package mutating func flushBlocked() {
        assert(pending > 0)
        mayWrite = false
    }

    /// No pipe was to be had: goes on with the buffer until the source runs dry and two more full reads ask again.
    package mutating func pipeUnavailable() {
        assert(pending == 0)
        carrier = .buffer
        fullReads = 0
    }

    package mutating func endPassed() {
        assert(hasEnded && pending == 0)
        isFinished = true
    }

    private mutating func ranDry() {
        if carrier == .pipe, burst < Self.burstWorthPipe {
            carrier = .buffer
        }
        fullReads = 0
        burst = 0
    }
}
