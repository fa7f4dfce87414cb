import Synchronization
package import TailwartWire

/// A public address that the edge listens on, and what came in there. One object for as long as each configuration, one after the
/// other, names its key, as its listening socket.
package final class Door: Sendable {
    package struct Key: Sendable, Hashable, CustomStringConvertible {
        package let bind: BindAddress
        /// 0, but where the kernel chooses the port and the file says so several times: each is a door of its own then.
        package let ordinal: Int

        package init(_ bind: BindAddress, ordinal: Int = 0) {
            self.bind = bind
            self.ordinal = ordinal
        }

        package var description: String { "\(bind)" }
    }

    package let key: Key
    private let acceptedCount = Atomic<Int>(0)
    private let endingCounts: InlineArray<35, Atomic<Int>>
    private let inbound = Atomic<UInt64>(0)
    private let outbound = Atomic<UInt64>(0)

    package init(_ key: Key) {
        self.key = key
        endingCounts = InlineArray { _ in Atomic(0) }
    }

    // MARK: - used by the workers

    package func accept() { acceptedCount.add(1, ordering: .relaxed) }

    /// A connection that was counted by ``accept()`` is over.
    ///
    /// - Parameters:
    ///   - inbound: bytes of payload read from the client.
    ///   - outbound: bytes of payload read from the upstream.
    package func end(_ reason: CloseReason, inbound: UInt64, outbound: UInt64) {
        if inbound > 0 { self.inbound.add(inbound, ordering: .relaxed) }
        if outbound > 0 { self.outbound.add(outbound, ordering: .relaxed) }
        endingCounts[Int(reason.rawValue)].add(1, ordering: .relaxed)
    }

    // MARK: - read by the control plane

    /// Since the door is there, as all that follow.
    package var accepted: Int { acceptedCount.load(ordering: .relaxed) }

    /// Connections that are not over: what was accepted less what has ended, so that it costs the workers nothing.
    package var open: Int {
        // The endings first: between the two reads a connection may come, but none may have ended that was not accepted.
        let ended = CloseReason.allCases.reduce(0) { $0 + endings($1) }
        return max(0, accepted - ended)
    }

    package func endings(_ reason: CloseReason) -> Int {
        endingCounts[Int(reason.rawValue)].load(ordering: .relaxed)
    }

    package var inboundBytes: UInt64 { inbound.load(ordering: .relaxed) }
    package var outboundBytes: UInt64 { outbound.load(ordering: .relaxed) }
}
