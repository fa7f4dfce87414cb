/// The first packet of a client whom no rule names: a new TCP connection.
struct FirewallPacket: Sendable, Equatable {
    enum Family: Sendable, Equatable {
        case v4
        case v6
    }

    let family: Family
    let port: UInt16
    /// Interfaces that it may come in by; empty: not known.
    let interfaces: [String]
}

/// What a rule asks of a packet. All that is not in this list is unclear.
indirect enum FirewallCondition: Sendable, Equatable {
    case ports([ClosedRange<UInt16>])
    /// That it comes in by one of these, with `*` at the end for any rest.
    case interfaces([String])
    case family(FirewallPacket.Family)
    /// The same for every first packet of a stranger.
    case certain(Bool)
    /// That the client is one of those whom the rule names.
    case listed
    case unclear
    case not(FirewallCondition)

    /// - Parameters:
    ///   - field: what is looked at, in nft's words.
    ///   - values: one of which it must have; a range of ports with a colon, any rest of a name with `*`.
    init(_ field: String, _ values: [String]) {
        self =
            switch field {
            // The shorter the prefix, the likelier that a stranger is in it.
            case "saddr": values.contains { $0.hasSuffix("/0") } ? .unclear : .listed
            // What a set with a name has in it may change at any time.
            case _ where values.isEmpty || values.contains { $0.hasPrefix("@") }: .unclear
            case "dport": .port(in: values)
            case "l4proto", "protocol", "nexthdr": .certain(!Set(values).isDisjoint(with: ["tcp", "6", "all", "0"]))
            case "nfproto" where values == ["ipv4"]: .family(.v4)
            case "nfproto" where values == ["ipv6"]: .family(.v6)
            case "iif", "iifname": .interfaces(values)
            case "state": .certain(!Set(values).isDisjoint(with: ["new", "untracked"]))
            // Sent on to another address, by a rule that has been looked at before.
            case "status": .certain(false)
            default: .unclear
            }
    }

    private static func port(in texts: [String]) -> FirewallCondition {
        let ranges = texts.compactMap { text -> ClosedRange<UInt16>? in
            let ends = text.split(separator: ":", omittingEmptySubsequences: false)
            guard ends.count <= 2, let first = ends.first, let last = ends.last,
                let low = UInt16(first.isEmpty ? "0" : first), let high = UInt16(last.isEmpty ? "65535" : last),
                low <= high
            else { return nil }
            return low...high
        }
        return ranges.count == texts.count ? .ports(ranges) : .unclear
    }

    /// Nil: it depends.
    func holds(for packet: FirewallPacket) -> Bool? {
        switch self {
        case .ports(let ranges): return ranges.contains { $0.contains(packet.port) }
        case .interfaces(let names):
            let answers = packet.interfaces.map { interface in
                names.contains { $0.hasSuffix("*") ? interface.hasPrefix($0.dropLast()) : interface == $0 }
            }
            return Set(answers).count == 1 ? answers.first : nil
        case .family(let family): return family == packet.family
        case .certain(let holds): return holds
        case .listed, .unclear: return nil
        case .not(let condition): return condition.holds(for: packet).map(!)
        }
    }
}

/// What a rule does with a packet, if it does anything.
enum FirewallStep: Sendable, Equatable {
    case accept
    /// Without or with a word (`reject`).
    case drop
    /// Another host or port gets the packet (`dnat`, `redirect`, `tproxy`).
    case divert
    case leaveChain
    /// For some clients.
    case mayLeaveChain
    case jump(String, returns: Bool)
    /// This check does not know what it does, or whether it does.
    case unclear
}

struct FirewallRule: Sendable, Equatable {
    /// All must hold.
    let conditions: [FirewallCondition]
    let action: FirewallStep

    /// Nil: it does nothing.
    func step(for packet: FirewallPacket) -> FirewallStep? {
        let answers = conditions.map { $0.holds(for: packet) }
        // A block list does not have a stranger. Whom a list lets in has to be asked about.
        guard !answers.contains(false), action != .drop || !conditions.contains(.listed) else { return nil }
        return answers.contains(nil) ? action == .leaveChain ? .mayLeaveChain : .unclear : action
    }
}
