package import TailwartWire

/// Who is let in and who is not, by address alone: what never is turned away, the lists, and the bans. Immutable, so that workers ask it
/// without a lock; the control plane makes another one and hands that to them.
///
/// Trusted networks stand above all. Of the lists the longest prefix decides, so that an exception may stand in an allow list; then come the bans,
/// which no allow list lifts. Each of the three has a table of its own: another ban does not rebuild a million networks of lists.
///
/// Whoever makes another one holds on to this one until every worker has let go of it, so that no worker spends its time on giving
/// back the memory of a million networks.
package final class AccessRules: Sendable {
    package enum Answer: Sendable, Equatable {
        /// No limit and no ban is for it.
        case trusted
        case denied(AccessSource)
        case none
    }

    private let trusted: NamedNetworks
    private let lists: AccessLists
    private let bans: NamedNetworks

    /// - Parameters:
    ///   - trusted: loopback, the own tailnet, `never`, and the networks of owners.
    ///   - bans: with at most ``AccessSource/limit`` names.
    package init(
        trusted: NamedNetworks = NamedNetworks(), lists: AccessLists = AccessLists(),
        bans: NamedNetworks = NamedNetworks()
    ) {
        self.trusted = trusted
        self.lists = lists
        self.bans = bans
    }

    /// The same with other parts; nil: as they are.
    package func with(
        trusted: NamedNetworks? = nil, lists: AccessLists? = nil, bans: NamedNetworks? = nil
    ) -> AccessRules {
        AccessRules(trusted: trusted ?? self.trusted, lists: lists ?? self.lists, bans: bans ?? self.bans)
    }

    /// Allocates nothing. IPv4-mapped addresses count as IPv4.
    package func answer(for address: IPAddress) -> Answer {
        if trusted.table.value(of: address) != nil { return .trusted }
        if let list = lists.table.value(of: address)?.value, !lists.allows(list) { return .denied(.list(list)) }
        if let ban = bans.table.value(of: address)?.value { return .denied(.ban(ban)) }
        return .none
    }

    /// How many networks each list has, by its name; those of one name together.
    package var listSizes: [(name: String, networks: Int)] { lists.sizes }

    /// For people: `list deny.txt`, `ban (manual): reason`. Nil for a number of other rules.
    package func words(for source: AccessSource) -> String? {
        (source.isBan ? bans.names : lists.names).element(source.index)
    }

    /// All that is said of an address, what decides first.
    package func findings(for address: IPAddress) -> [AccessFinding] {
        let address = address.unmapped
        func finding(_ kind: AccessFinding.Kind, _ match: (value: UInt16, prefix: Int)?, _ names: [String])
            -> AccessFinding?
        {
            guard let match, let network = Network(enclosing: address, prefix: match.prefix) else { return nil }
            return AccessFinding(kind: kind, network: network, words: names.element(Int(match.value)) ?? "")
        }
        let list = lists.table.value(of: address)
        let allows = list.map { lists.allows($0.value) } ?? false
        return [
            finding(.trusted, trusted.table.value(of: address), trusted.names),
            finding(allows ? .allowed : .denied, list, lists.names),
            finding(.banned, bans.table.value(of: address), bans.names),
        ].compactMap(\.self)
    }
}

/// Who says that a client is denied, as a number that fits into a record; ``AccessRules/words(for:)`` has its name.
package struct AccessSource: Sendable, Hashable {
    private static let banBit: UInt16 = 1 << 15

    /// Names of lists, and of bans.
    package static let limit = 1 << 15

    package let number: UInt16

    package init(number: UInt16) { self.number = number }

    static func list(_ index: UInt16) -> AccessSource { AccessSource(number: index & ~banBit) }
    static func ban(_ index: UInt16) -> AccessSource { AccessSource(number: index | banBit) }

    /// Else it is a list.
    package var isBan: Bool { number & Self.banBit != 0 }

    fileprivate var index: Int { Int(number & ~Self.banBit) }
}

/// One thing that is said of an address.
package struct AccessFinding: Sendable, Equatable {
    package enum Kind: Sendable {
        case trusted
        /// By an allow list, so that no deny list counts.
        case allowed
        /// By a deny list.
        case denied
        case banned
    }

    package let kind: Kind
    /// The longest that the address lies in.
    package let network: Network
    /// Who says so.
    package let words: String
}

/// Networks whose numbers are the places of names.
package struct NamedNetworks: Sendable {
    package let table: NetworkTable
    package let names: [String]

    package init(_ table: NetworkTable = NetworkTable(), names: [String] = []) {
        self.table = table
        self.names = names
    }
}

/// The networks of all lists.
package struct AccessLists: Sendable {
    package struct List: Sendable {
        /// For people: `list deny.txt`.
        package let name: String
        /// Whether it is an exception from the others.
        package let allows: Bool
        package let networks: PackedNetworks

        package init(_ name: String, allows: Bool = false, _ networks: PackedNetworks) {
            self.name = name
            self.allows = allows
            self.networks = networks
        }
    }

    package let table: NetworkTable
    package let names: [String]
    package let sizes: [(name: String, networks: Int)]
    private let allowing: [Bool]

    package init() { self.init([], seed: (0, 0)) }

    /// Takes some tenths of a second for a million networks.
    ///
    /// - Parameters:
    ///   - lists: of those with the same network an allow list counts, else the first one; at most ``AccessSource/limit``.
    ///   - seed: random.
    package init(_ lists: [List], seed: (UInt64, UInt64)) {
        names = lists.map(\.name)
        allowing = lists.map(\.allows)
        var sizes: [(name: String, networks: Int)] = []
        for list in lists {
            if let known = sizes.firstIndex(where: { $0.name == list.name }) {
                sizes[known].networks += list.networks.count
            } else {
                sizes.append((list.name, list.networks.count))
            }
        }
        self.sizes = sizes
        // Of two entries with one network the last one stands.
        let reversed = lists.prefix(AccessSource.limit).enumerated().reversed().map { ($1, UInt16($0)) }
        let ordered = reversed.filter { !$0.0.allows } + reversed.filter(\.0.allows)
        table = NetworkTable(lists: ordered.map { ($0.0.networks, $0.1) }, seed: seed)
    }

    package func allows(_ value: UInt16) -> Bool { allowing.element(Int(value)) ?? false }
}

extension Array {
    fileprivate func element(_ index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
