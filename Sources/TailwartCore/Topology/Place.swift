import Synchronization

/// A place that can be dialled: an endpoint of an upstream on a port. One object for as long as each configuration, one after the
/// other, names its key: what is known of it outlives a reload, and a count over all workers needs one place.
///
/// Written by the control plane (standing) and by all workers (what dialling brought), read by both, without a lock.
package final class Place: Sendable {
    /// Microseconds between two connections that are tried at a place that is unhealthy, so that a probe which errs cannot turn off
    /// a mailbox that works.
    package static let trialInterval: UInt64 = 5_000_000
    /// The same where each connection counts against the edge at the mailbox: 24 a day, and Stalwart bans at 30.
    package static let costlyTrialInterval: UInt64 = 3_600_000_000

    package struct Key: Sendable, Hashable {
        /// By name.
        package let upstream: String
        /// As the file writes it.
        package let endpoint: String
        /// The one that is dialled; 0 for a Unix socket.
        package let port: UInt16

        package init(upstream: String, endpoint: String, port: UInt16) {
            self.upstream = upstream
            self.endpoint = endpoint
            self.port = port
        }
    }

    package let key: Key
    package let closedClients: ClosedClients
    private let unhealthy = Atomic<Bool>(false)
    private let successes = Atomic<Int>(0)
    private let failures = Atomic<Int>(0)
    private let answeredHeaders = Atomic<Int>(0)
    private let connections = Atomic<Int>(0)
    /// Of the last clients for mail one bit each, the newest lowest: whether they handed over as much as a mail has. Above them a one.
    private let handedOver = Atomic<UInt32>(1)
    private let trialInterval = Atomic<UInt64>(Place.trialInterval)
    /// 0: never.
    private let lastTrial = Atomic<UInt64>(0)

    /// - Parameter table: of the clients that are closed to at all places.
    package init(_ key: Key, closedIn table: ClientTable) {
        self.key = key
        closedClients = ClosedClients(at: key, in: table)
    }

    // MARK: - written by the control plane

    /// - Parameter trialsAreCostly: whether the mailbox counts what a trial meets against the edge.
    package func setUnhealthy(_ isUnhealthy: Bool, trialsAreCostly: Bool = false) {
        trialInterval.store(trialsAreCostly ? Self.costlyTrialInterval : Self.trialInterval, ordering: .relaxed)
        unhealthy.store(isUnhealthy, ordering: .relaxed)
    }

    /// What traffic found out since the last call.
    package func takeTraffic() -> (successes: Int, failures: Int) {
        (successes.exchange(0, ordering: .relaxed), failures.exchange(0, ordering: .relaxed))
    }

    /// How many connections met somebody who took the PROXY header for commands, since the last call.
    package func takeAnsweredHeaders() -> Int { answeredHeaders.exchange(0, ordering: .relaxed) }

    // MARK: - mail

    /// Clients that are remembered for that.
    private static let clientCount: UInt32 = 10
    /// Bytes. A client that begins TLS and hands over nothing says half as much: its hello with keys for the time after quantum computers is
    /// 1.8 kB. A mail has more, as a rule; one that has not raises a suspicion at most.
    private static let leastMail: UInt64 = 4096

    /// Takes in a connection that is over. By one thread, which reads the records.
    package func noteClient(_ record: Record) {
        guard record.inboundBytes > 0, record.outboundBytes > 0, !record.spokeNoSMTP else { return }
        let isHandedOver: UInt32 = record.inboundBytes >= Self.leastMail ? 1 : 0
        let next = handedOver.load(ordering: .relaxed) << 1 | isHandedOver
        let limit: UInt32 = 1 << Self.clientCount
        handedOver.store(next < limit ? next : next & (limit - 1) | limit, ordering: .relaxed)
    }

    /// Whether of the last ten clients who said something to the mailbox on 25 none handed over a mail.
    package var getsNoMail: Bool { handedOver.load(ordering: .relaxed) == 1 << Self.clientCount }

    // MARK: - used by the workers

    package var isUnhealthy: Bool { unhealthy.load(ordering: .relaxed) }

    /// Whether one connection may try a place that is unhealthy; one asker in each interval hears yes.
    ///
    /// - Parameter now: microseconds on the monotonic clock.
    package func mayTry(now: UInt64) -> Bool {
        let last = lastTrial.load(ordering: .relaxed)
        guard last == 0 || now >= last + trialInterval.load(ordering: .relaxed) else { return false }
        return lastTrial.compareExchange(expected: last, desired: now, ordering: .relaxed).exchanged
    }

    /// The place was dialled and spoke.
    package func succeeded() { successes.add(1, ordering: .relaxed) }

    /// The place could not be dialled, or closed without a byte.
    package func failed() { failures.add(1, ordering: .relaxed) }

    /// The place was dialled, and took the PROXY header for commands.
    package func headerWasAnswered() { answeredHeaders.add(1, ordering: .relaxed) }

    /// Live connections, where the policy asks for them.
    package var load: Int { connections.load(ordering: .relaxed) }

    package func changeLoad(by change: Int) { connections.add(change, ordering: .relaxed) }
}
