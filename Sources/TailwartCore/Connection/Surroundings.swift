import TailwartWire

/// What a connection has to know of the worker that serves it.
package struct Surroundings: Sendable {
    /// Clients that are told at the same time why they cannot be served; further ones are closed without a word. Each holds a descriptor.
    package static let farewellsAtOnce = 256

    /// Microseconds on the monotonic clock.
    package var now: UInt64
    package internal(set) var farewells = 0
    /// Who is let in.
    package var rules: AccessRules

    /// Addresses of clients that began with a PROXY header which nobody asked for, and until when that is remembered.
    private var suspects: [IPAddress: UInt64] = [:]

    package init(now: UInt64, rules: AccessRules = AccessRules()) {
        self.now = now
        self.rules = rules
    }

    /// In microseconds.
    package static let suspicion: UInt64 = 60_000_000
    /// Addresses that one worker remembers; a loop needs one.
    private static let suspectsAtOnce = 64

    func suspects(_ client: IPAddress?) -> Bool {
        guard !suspects.isEmpty, let client, let until = suspects[client] else { return false }
        return now < until
    }

    mutating func suspect(_ client: IPAddress) {
        if suspects.count >= Self.suspectsAtOnce { suspects = [:] }
        suspects[client] = now + Self.suspicion
    }
}
