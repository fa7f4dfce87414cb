import TailwartCore
import TailwartWire

/// The first packet of a client whom no rule knows: a new TCP connection from an address that is on no list.
struct FirewallPacket: Sendable, Equatable {
    enum Family: Sendable, Equatable, CaseIterable {
        case v4
        case v6
    }

    let family: Family
    let port: UInt16
    /// Addresses of this host that it may be for; empty: not known.
    let destinations: [IPAddress]
    /// Interfaces that it may come in by; empty: not known.
    let interfaces: [String]

    /// Nil: it depends on what is not known.
    func meets(_ condition: FirewallRule.Condition) -> Bool? {
        switch condition {
        case .port(let ranges, let isNegated): ranges.contains { $0.contains(port) } != isNegated
        case .family(let family, let isNegated): (family == self.family) != isNegated
        case .source(let isNegated): isNegated
        case .interface(let patterns, let isNegated):
            Self.agreed(interfaces.map { name in patterns.contains { Self.matches(name, $0) } != isNegated })
        case .destination(let networks, let isNegated):
            Self.agreed(destinations.map { address in networks.contains { $0.contains(address) } != isNegated })
        case .constant(let holds): holds
        case .unknown: nil
        }
    }

    private static func agreed(_ answers: [Bool]) -> Bool? {
        guard let first = answers.first else { return nil }
        return answers.allSatisfy { $0 == first } ? first : nil
    }

    private static func matches(_ name: String, _ pattern: String) -> Bool {
        pattern.hasSuffix("*") ? name.hasPrefix(pattern.dropLast()) : name == pattern
    }
}
