/// One of the two flows.
package enum Direction: UInt8, Sendable, CaseIterable {
    /// Client to upstream.
    case inbound
    /// Upstream to client.
    case outbound

    package var source: Side { self == .inbound ? .client : .upstream }
    package var sink: Side { self == .inbound ? .upstream : .client }
    package var opposite: Direction { self == .inbound ? .outbound : .inbound }

    /// Written out for the data plane, which asks at every step: the one that the compiler makes is looked up in a table when it is
    /// called from another module.
    @inlinable @inline(__always) package static func == (left: Direction, right: Direction) -> Bool {
        switch (left, right) {
        case (.inbound, .inbound), (.outbound, .outbound): true
        default: false
        }
    }
}

/// How a connection ended.
package struct Ending: Sendable, Equatable {
    package let side: Side
    package let reason: CloseReason

    package init(_ side: Side, _ reason: CloseReason) {
        self.side = side
        self.reason = reason
    }
}

/// Bytes that flow both ways: two flows, and who finished first.
///
/// A state machine without I/O and clock. The engine asks for the next step of one direction until it is told to wait,
/// executes each and reports back; see ``Flow``.
package struct Relay: Sendable {
    package enum Step: Equatable, Sendable {
        case fill(Flow.Carrier)
        case flush(Flow.Carrier)
        /// Shut down the sink's write side; both legs stay open.
        case shutDownSink
        case wait
        /// Both have finished in order: both legs are to be closed now.
        case close(Ending)
    }

    package private(set) var inbound = Flow()
    package private(set) var outbound = Flow()
    private var firstToEnd: Side?

    package init() {}

    /// The next thing to do for one direction.
    package mutating func step(_ direction: Direction) -> Step {
        switch self[direction].step() {
        case .fill(let carrier): return .fill(carrier)
        case .flush(let carrier): return .flush(carrier)
        case .wait: return .wait
        case .finished: return .wait
        case .passEnd:
            guard self[direction.opposite].isFinished else { return .shutDownSink }
            // Closing the descriptors says the same as a shutdown would, in one system call less.
            self[direction].endPassed()
            return .close(Ending(firstToEnd ?? direction.source, .closed))
        }
    }

    /// The source of the direction said that it will send no more.
    package mutating func sourceEnded(_ direction: Direction) {
        self[direction].sourceEnded()
        if firstToEnd == nil { firstToEnd = direction.source }
    }

    /// What it is called when a side failed. A side that had sent its end, all of which was passed on, and then resets what is still sent to
    /// it has closed: as one does that leaves without reading a last reply or a `close_notify`.
    package func ending(of side: Side, _ fault: LegFault) -> Ending {
        let hasClosed = self[side == .client ? .inbound : .outbound].isFinished
        guard fault == .reset, hasClosed, let firstToEnd else { return .failure(of: side, fault) }
        return Ending(firstToEnd, .closed)
    }

    package mutating func sinkShutDown(_ direction: Direction) {
        self[direction].endPassed()
    }

    /// Whether one side has finished: the shorter deadline holds.
    package var isHalfClosed: Bool { inbound.hasEnded || outbound.hasEnded }

    /// How long both sides may be silent from now on.
    ///
    /// - Returns: microseconds, and what it is called when they are over.
    package func allowedSilence(_ limits: SilenceLimits) -> (UInt64, CloseReason) {
        isHalfClosed ? (limits.halfClosed, .halfClosedTimeout) : (limits.idle, .idleTimeout)
    }

    package subscript(_ direction: Direction) -> Flow {
        get { direction == .inbound ? inbound : outbound }
        _modify {
            if direction == .inbound { yield &inbound } else { yield &outbound }
        }
    }
}

extension Ending {
    /// A leg whose system call failed.
    package static func failure(of side: Side, _ fault: LegFault) -> Ending {
        // A shortage is this host's own.
        fault == .shortage ? Ending(.edge, .descriptorLimit) : Ending(side, fault == .reset ? .reset : .lost)
    }
}
