import NIOCore
import Synchronization
import TailwartClient
import TailwartCore
import TailwartWire

/// What all connections of a ``FakeStalwart`` share.
final class FakeStalwartCore: Sendable {
    private struct State {
        var settings: FakeStalwart.Settings
        var tls: TLSContext
        /// What the authority of an order is shown.
        var challenge: TLSContext?
        var counters = FakeStalwart.Counters()
        var invalid: [IPAddress: Int] = [:]
        /// BlockedIp objects, and those of them that are obeyed.
        var blocked: Set<IPAddress> = []
        var banned: Set<IPAddress> = []
        /// AllowedIp objects, and those of them that are obeyed.
        var allowed: Set<IPAddress> = []
        var exempt: Set<IPAddress> = []
        /// When connections for SMTP were greeted.
        var greeted: [IPAddress: [ContinuousClock.Instant]] = [:]
        /// Recipients that were taken, by sender and recipient; nobody runs for an hour.
        var taken: [String: Int] = [:]
    }

    private let state: Mutex<State>

    init(_ settings: FakeStalwart.Settings) throws {
        state = Mutex(State(settings: settings, tls: try Self.context(settings)))
    }

    var settings: FakeStalwart.Settings { state.withLock { $0.settings } }
    var counters: FakeStalwart.Counters { state.withLock { $0.counters } }
    var banned: Set<IPAddress> { state.withLock { $0.banned } }
    var tls: TLSContext { state.withLock { $0.tls } }
    var challenge: TLSContext? { state.withLock { $0.challenge } }

    func configure(
        _ change: (inout FakeStalwart.Settings) -> Void
    ) throws -> (before: FakeStalwart.Settings, after: FakeStalwart.Settings) {
        let before = settings
        var after = before
        change(&after)
        let tls = try Self.context(after)
        state.withLock { state in
            state.settings = after
            state.tls = tls
        }
        return (before, after)
    }

    func setChallenge(_ certificate: FakeCertificate, applicationProtocol: String) throws {
        let tls = try TLSContext(
            serving: certificate.identity, applicationProtocols: [applicationProtocol], goodbye: .milliseconds(500))
        state.withLock { $0.challenge = tls }
    }

    func endChallenge() { state.withLock { $0.challenge = nil } }

    func count(_ change: (inout FakeStalwart.Counters) -> Void) { state.withLock { change(&$0.counters) } }

    /// What is read at a start.
    func begin() {
        state.withLock { state in
            state.banned = state.blocked
            state.exempt = state.allowed
        }
    }

    func block(_ address: IPAddress) { state.withLock { _ = $0.blocked.insert(address) } }
    func unblock(_ address: IPAddress) { state.withLock { _ = $0.blocked.remove(address) } }
    func reloadBlockedIPs() { state.withLock { $0.banned = $0.blocked } }
    func allow(_ address: IPAddress) { state.withLock { _ = $0.allowed.insert(address) } }

    /// Counts a visit, and says whether the address is banned.
    func isBanned(_ address: IPAddress) -> Bool {
        state.withLock { state in
            guard state.banned.contains(address), !state.exempt.contains(address) else { return false }
            state.counters.dropped += 1
            return true
        }
    }

    /// Counts a connection for SMTP, and says whether it is one too many.
    func isThrottled(_ address: IPAddress) -> Bool {
        state.withLock { state in
            guard let limit = state.settings.throttle else { return false }
            let now = ContinuousClock.now
            var recent = state.greeted[address, default: []]
            recent.removeAll { $0.duration(to: now) >= state.settings.throttleTime }
            defer { state.greeted[address] = recent }
            guard recent.count < limit else {
                state.counters.throttled += 1
                return true
            }
            recent.append(now)
            return false
        }
    }

    /// Counts a recipient, and says whether it is one too many.
    func isOverRate(from sender: String, to recipient: String) -> Bool {
        state.withLock { state in
            guard let limit = state.settings.rate else { return false }
            state.taken["\(sender) \(recipient)", default: 0] += 1
            return state.taken["\(sender) \(recipient)", default: 0] > limit
        }
    }

    func greeted(_ client: InternetAddress) {
        count { counters in
            counters.clients.append(client)
            if counters.clients.count > FakeStalwart.Counters.maximumClients { counters.clients.removeFirst() }
        }
    }

    /// - Returns: whether that was one too many.
    func countInvalid(from address: IPAddress) -> Bool {
        state.withLock { state in
            state.counters.invalidCommands += 1
            let count = state.invalid[address, default: 0] + 1
            state.invalid[address] = count
            guard count > state.settings.banLimit, !state.exempt.contains(address) else { return false }
            state.blocked.insert(address)
            state.banned.insert(address)
            return true
        }
    }

    func ban(_ address: IPAddress) { state.withLock { _ = $0.banned.insert(address) } }

    func forgive() {
        state.withLock { state in
            state.invalid = [:]
            (state.blocked, state.banned) = ([], [])
            state.greeted = [:]
        }
    }

    private static func context(_ settings: FakeStalwart.Settings) throws -> TLSContext {
        try TLSContext(
            serving: (settings.certificate ?? .fallback()).identity, goodbye: .milliseconds(500))
    }
}
