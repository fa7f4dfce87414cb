package import TailwartWire

/// Holds the limits of a listener against its clients: asked once at each connection, by the workers.
package final class ClientLimiter: Sendable {
    /// Where a connection is counted, to be given back when it is over.
    package struct Places: Sendable, Equatable {
        var narrow = ClientTable.Slot.none
        var wide = ClientTable.Slot.none

        package init() {}
    }

    package enum Answer: Sendable, Equatable {
        case entered(Places)
        case refused(CloseReason)
    }

    /// What is counted besides the connections at each listener, over all listeners.
    private enum Subject {
        static let pending: UInt64 = 1
        static let told: UInt64 = 2
    }

    /// How many clients of one network are told in a second why they are turned away; the others of a flood get a reset.
    private static let told = ClientLimit(ListenerLimits(rate: .init(1, per: .seconds(1)), burst: 5))

    private let table: ClientTable
    private let settings: LimitSettings
    /// Nil: no limit.
    private let narrow: ClientLimit?
    private let wide: ClientLimit?
    private let pending: ClientLimit
    /// The number of the listener, the same in each process that has it.
    private let subject: UInt64
    /// Whether the limits hold for addresses too behind which there may be everybody: of this host, of private networks, of the tailnet.
    private let isForAll: Bool
    private let isPendingForAll: Bool
    /// Networks without limits.
    private let exempt: NetworkTable

    init(_ listener: Listener, _ settings: LimitSettings, _ table: ClientTable, besides exempt: [Network]) {
        // The operator's own networks: nobody chooses them to meet in one bucket.
        self.exempt = NetworkTable(exempt.map { ($0, 0) }, seed: (0, 0))
        self.table = table
        self.settings = settings
        let limits = listener.limits ?? ListenerLimits(for: listener.proto)
        isForAll = listener.limits != nil
        narrow = limits == .none ? nil : ClientLimit(limits)
        wide = limits == .none ? nil : settings.wide.map { ClientLimit(limits, times: $0.factor) }
        isPendingForAll = settings.pending.perClient != nil
        pending = ClientLimit(
            ListenerLimits(concurrent: settings.pending.perClient ?? Defaults.pendingPerClient))
        subject = ClientTable.subject(named: listener.name)
    }

    /// A connection comes.
    ///
    /// - Parameters:
    ///   - client: the address that counts, unmapped.
    ///   - now: microseconds on the monotonic clock.
    package func enter(_ client: IPAddress, now: UInt64) -> Answer {
        var places = Places()
        guard let narrow, holds(for: client, isForAll: isForAll) else { return .entered(places) }
        switch table.enter(key(client, settings.network, subject), narrow, now: now) {
        case .entered(let slot): places.narrow = slot
        case .untracked: break
        case .tooMany: return .refused(.clientLimit)
        case .tooFast: return .refused(.clientRate)
        }
        guard let wide, let neighbourhood = settings.wide else { return .entered(places) }
        switch table.enter(key(client, neighbourhood.prefixes, ~subject), wide, now: now) {
        case .entered(let slot): places.wide = slot
        case .untracked: break
        case .tooMany:
            leave(places)
            return .refused(.clientLimit)
        case .tooFast:
            leave(places)
            return .refused(.clientRate)
        }
        return .entered(places)
    }

    package func leave(_ places: Places) {
        table.leave(places.narrow)
        table.leave(places.wide)
    }

    /// A connection is waited for that has not said its hello yet.
    ///
    /// - Returns: where it is counted; nil if there are too many of its network.
    package func wait(_ client: IPAddress, now: UInt64) -> ClientTable.Slot? {
        guard holds(for: client, isForAll: isPendingForAll) else { return ClientTable.Slot.none }
        return switch table.enter(key(client, settings.network, Subject.pending), pending, now: now) {
        case .entered(let slot): slot
        case .untracked: ClientTable.Slot.none
        case .tooMany, .tooFast: nil
        }
    }

    private func holds(for client: IPAddress, isForAll: Bool) -> Bool {
        (isForAll || client.reach == .everywhere) && exempt.value(of: client) == nil
    }

    package func endWait(_ slot: ClientTable.Slot) { table.leave(slot) }

    /// Whether a client that is turned away is told why.
    package func mayTell(_ client: IPAddress, now: UInt64) -> Bool {
        switch table.enter(key(client, settings.network, Subject.told), Self.told, now: now) {
        case .entered(let slot):
            table.leave(slot)
            return true
        case .untracked: return true
        case .tooMany, .tooFast: return false
        }
    }

    private func key(_ client: IPAddress, _ prefixes: LimitSettings.Prefixes, _ subject: UInt64) -> ClientTable.Key {
        table.key(client, prefix: client.isV4 ? prefixes.v4 : prefixes.v6, subject: subject)
    }
}
