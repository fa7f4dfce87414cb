/// What a rule set does with a packet.
struct FirewallVerdict: Sendable, Equatable {
    enum Outcome: Sendable, Equatable {
        case open
        /// Dropped or refused, by the base chain named.
        case closed(FirewallPlace)
        /// Rules let in only those clients whom they name by address.
        case closedToStrangers(FirewallPlace)
        /// It is for another host or port before the edge could see it.
        case diverted(FirewallPlace)
        /// A rule decides that this check does not understand.
        case undecided(FirewallPlace)
    }

    let outcome: Outcome

    init(_ ruleset: FirewallRuleset, _ packet: FirewallPacket) {
        var undecided: FirewallPlace?
        for hook in FirewallChain.Hook.allCases {
            for table in ruleset.tables where table.concerns(packet.family) {
                for (name, chain) in table.chains.sorted(by: { $0.key < $1.key }) where chain.hook == hook {
                    var walk = FirewallWalk(table: table, packet: packet)
                    let ends = walk.base(chain)
                    let place = FirewallPlace(tool: table.tool, family: table.family, table: table.name, chain: name)
                    if ends.isSubset(of: [.dropped, .passedSome]) {
                        outcome = ends.contains(.passedSome) ? .closedToStrangers(place) : .closed(place)
                        return
                    }
                    if ends.isSubset(of: [.diverted, .passedSome]) {
                        outcome = .diverted(place)
                        return
                    }
                    if !ends.isDisjoint(with: [.dropped, .diverted]) { undecided = undecided ?? place }
                }
            }
        }
        outcome = undecided.map { .undecided($0) } ?? .open
    }
}

/// Which base chain it was.
struct FirewallPlace: Sendable, Equatable, CustomStringConvertible {
    let tool: FirewallTable.Tool
    let family: String
    let table: String
    let chain: String

    var description: String { "chain \(chain) of table \(family) \(table)" }
}

/// How a packet's way through chains can end; several where it is not certain.
private struct FirewallEnds: OptionSet {
    let rawValue: UInt8

    static let passed = FirewallEnds(rawValue: 1)
    static let dropped = FirewallEnds(rawValue: 2)
    static let diverted = FirewallEnds(rawValue: 4)
    /// Back to the chain that jumped here.
    static let left = FirewallEnds(rawValue: 8)
    /// A rule would accept it from a source that is named.
    static let passedSome = FirewallEnds(rawValue: 16)

    static let anything: FirewallEnds = [.passed, .dropped]
}

/// One packet's way through the chains of one table. Where a condition is not known both ways are gone.
private struct FirewallWalk {
    let table: FirewallTable
    let packet: FirewallPacket
    /// Nil while a chain is being walked: the kernel allows no loops, but a text may have them.
    private var known: [String: FirewallEnds?] = [:]

    init(table: FirewallTable, packet: FirewallPacket) {
        self.table = table
        self.packet = packet
    }

    mutating func base(_ chain: FirewallChain) -> FirewallEnds {
        var ends = walk(chain.rules)
        if ends.remove(.left) != nil { ends.insert(chain.dropsByDefault ? .dropped : .passed) }
        return ends
    }

    private mutating func walk(_ rules: [FirewallRule]) -> FirewallEnds {
        var ends: FirewallEnds = []
        for rule in rules {
            let answers = rule.conditions.map(packet.meets)
            guard !answers.contains(false) else {
                // Would it be accepted, were it not for who sends it?
                if rule.action == .accept, Self.failsBySourceAlone(rule, answers) { ends.insert(.passedSome) }
                continue
            }
            var after = end(rule.action)
            let goesOn = rule.action == .none || (rule.action.isJump && after.remove(.left) != nil)
            ends.formUnion(after)
            if !answers.contains(nil), !goesOn { return ends }
        }
        return ends.union(.left)
    }

    private mutating func end(_ action: FirewallRule.Action) -> FirewallEnds {
        switch action {
        case .none: []
        case .accept: .passed
        case .drop: .dropped
        case .leaveChain: .left
        case .divert: .diverted
        case .undecided: .anything
        case .jump(let name), .goto(let name): chain(name)
        }
    }

    private mutating func chain(_ name: String) -> FirewallEnds {
        if let known = known[name] { return known ?? .anything }
        guard let chain = table.chains[name] else { return .anything }
        known[name] = .some(nil)
        let ends = walk(chain.rules)
        known[name] = ends
        return ends
    }

    private static func failsBySourceAlone(_ rule: FirewallRule, _ answers: [Bool?]) -> Bool {
        zip(rule.conditions, answers).allSatisfy { condition, answer in
            if case .source = condition { true } else { answer != false }
        }
    }
}

extension FirewallRule.Action {
    fileprivate var isJump: Bool { if case .jump = self { true } else { false } }
}
