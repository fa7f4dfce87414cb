import TailwartConfig
import TailwartCore
import TailwartWire

/// The conditions of a route: keys are ANDed, members of a list ORed, an empty list is no condition.
///
/// Like `RouteMatch`, with conditions that only other programs have and that must be gone before anything is written.
struct DraftMatch: Hashable {
    var serverNames: [ServerNamePattern] = []
    var alpn: [String] = []
    var clients: [Network] = []
    /// At most one; an array because a value cannot hold itself.
    var not: [DraftMatch] = []

    /// True: any TLS hello; false: anything but one.
    var tls: Bool?
    /// A PROXY header comes first.
    var proxyHeader = false
    /// It can never hold.
    var isNever = false
    /// In the source its names stand for any number of labels: it holds for more there.
    var isNarrowed = false

    static let always = DraftMatch()
    static let never = DraftMatch(isNever: true)

    var isAlways: Bool { self == .always }

    /// Whether a ClientHello is needed to tell.
    var needsHello: Bool { !serverNames.isEmpty || !alpn.isEmpty || tls != nil || not.contains(where: \.needsHello) }

    var asksForClients: Bool { !clients.isEmpty || not.contains(where: \.asksForClients) }

    var asksForHeader: Bool { proxyHeader || not.contains(where: \.asksForHeader) }

    var asksForTLS: Bool { tls != nil || not.contains(where: \.asksForTLS) }

    /// As ours has it.
    var routeMatch: RouteMatch {
        RouteMatch(serverNames: serverNames, alpn: alpn, clients: clients, not: not.map(\.routeMatch))
    }

    /// What is left of it for a client that shows no hello.
    var withoutHello: DraftMatch {
        if isNever || !serverNames.isEmpty || !alpn.isEmpty || tls == true { return .never }
        var match = self
        match.tls = nil
        match.not = not.map(\.withoutHello).filter { !$0.isNever }
        return match.not.contains(.always) ? .never : match
    }

    /// What it asks of the client's address.
    var clientsAlone: DraftMatch { DraftMatch(clients: clients, not: not.filter { !$0.needsHello }) }

    /// Both; nil if that cannot be said in one match.
    func and(_ other: DraftMatch) -> DraftMatch? {
        if isNever || other.isNever { return .never }
        var both = self
        var exclusions = other.not
        // More pairs than these are not compared: nobody writes as many by hand.
        let alternatives = 100 * Self.alternativesLimit
        both.proxyHeader = proxyHeader || other.proxyHeader
        both.isNarrowed = isNarrowed || other.isNarrowed
        /// - Parameter common: what two members have in common, nil for nothing; or nil where that cannot be known.
        func join<Member: Hashable>(
            _ list: WritableKeyPath<DraftMatch, [Member]>, _ common: ((Member, Member) -> Member?)?
        ) -> Bool {
            let (one, two) = (both[keyPath: list], other[keyPath: list])
            if one.isEmpty || two.isEmpty || one == two {
                both[keyPath: list] = one.isEmpty ? two : one
            } else if let common, one.count <= alternatives / two.count {
                both[keyPath: list] = one.flatMap { first in two.compactMap { common(first, $0) } }.withoutRepeats
                return !both[keyPath: list].isEmpty
            } else {
                var rest = DraftMatch()
                rest[keyPath: list] = two
                exclusions.append(DraftMatch(not: [rest]))
            }
            return true
        }
        // What a variable holds is not known here.
        let areNamesKnown = !(serverNames + other.serverNames).contains { References.mayStandIn($0.name) }
        let areClientsKnown = !(clients + other.clients).contains { References.mayStandIn($0) }
        guard join(\.serverNames, areNamesKnown ? { $0.intersection($1) } : nil), join(\.alpn, nil),
            join(\.clients, areClientsKnown ? { $0.intersection($1) } : nil)
        else { return .never }
        if let tls = other.tls {
            if both.tls == !tls { return .never }
            both.tls = tls
        }
        if !both.serverNames.isEmpty || !both.alpn.isEmpty {
            // A name comes in TLS only.
            if both.tls == false { return .never }
            both.tls = nil
        }
        for exclusion in exclusions where both.not != [exclusion] {
            if both.not.isEmpty {
                both.not = [exclusion]
            } else if let either = both.not[0].union(exclusion) {
                both.not = [either]
            } else {
                return nil
            }
        }
        return both
    }

    /// Either, where both ask for one and the same key.
    func union(_ other: DraftMatch) -> DraftMatch? {
        func joined(_ list: WritableKeyPath<DraftMatch, [some Hashable]>) -> DraftMatch? {
            var (first, second) = (self, other)
            first.isNarrowed = false
            second.isNarrowed = false
            first[keyPath: list] = []
            second[keyPath: list] = []
            guard first.isAlways, second.isAlways, !self[keyPath: list].isEmpty, !other[keyPath: list].isEmpty else {
                return nil
            }
            first[keyPath: list] = (self[keyPath: list] + other[keyPath: list]).withoutRepeats
            first.isNarrowed = isNarrowed || other.isNarrowed
            return first
        }
        return joined(\.serverNames) ?? joined(\.alpn) ?? joined(\.clients)
    }

    /// The opposite; nil if it cannot be said.
    var negated: DraftMatch? {
        if isNever { return .always }
        if isAlways { return .never }
        if let tls, self == DraftMatch(tls: tls) { return DraftMatch(tls: !tls) }
        if proxyHeader || (tls != nil && serverNames.isEmpty && alpn.isEmpty) { return nil }
        if self == DraftMatch(not: not), let inner = not.first { return inner }
        return DraftMatch(not: [self])
    }

    /// One of several, as few as it takes: the members that ask for one and the same key become one.
    static func or(_ matches: [DraftMatch]) -> [DraftMatch] {
        var result: [DraftMatch] = []
        var seen: Set<DraftMatch> = []
        var places: [OnlyKey: Int] = [:]
        for match in matches where !match.isNever {
            if match.isAlways { return [.always] }
            guard let key = match.onlyKey else {
                if seen.insert(match).inserted { result.append(match) }
                continue
            }
            guard let place = places[key] else {
                places[key] = result.count
                result.append(match)
                continue
            }
            result[place].serverNames += match.serverNames
            result[place].alpn += match.alpn
            result[place].clients += match.clients
            result[place].isNarrowed = result[place].isNarrowed || match.isNarrowed
        }
        for place in places.values {
            result[place].serverNames = result[place].serverNames.withoutRepeats
            result[place].alpn = result[place].alpn.withoutRepeats
            result[place].clients = result[place].clients.withoutRepeats
        }
        return result
    }

    private enum OnlyKey { case serverNames, alpn, clients }

    /// The key that it asks for, if it asks for nothing else.
    private var onlyKey: OnlyKey? {
        guard not.isEmpty, tls == nil, !proxyHeader, !isNever else { return nil }
        return switch (serverNames.isEmpty, alpn.isEmpty, clients.isEmpty) {
        case (false, true, true): .serverNames
        case (true, false, true): .alpn
        case (true, true, false): .clients
        default: nil
        }
    }

    /// Each of some with each of others; nil if that cannot be said.
    static func and(_ first: [DraftMatch], _ second: [DraftMatch]) -> [DraftMatch]? {
        var result: [DraftMatch] = []
        for one in first {
            for other in second {
                guard let both = one.and(other), result.count < alternativesLimit else { return nil }
                result.append(both)
            }
        }
        return or(result)
    }

    /// None of them; nil if that cannot be said.
    static func none(of matches: [DraftMatch]) -> DraftMatch? {
        var result = DraftMatch.always
        for match in or(matches) {
            guard let negated = match.negated, let both = result.and(negated) else { return nil }
            result = both
        }
        return result
    }

    /// This, but none of some others; nil if that cannot be said.
    func without(_ others: [DraftMatch]) -> DraftMatch? { Self.none(of: others).flatMap { and($0) } }

    /// Alternatives of one condition: nobody writes so many by hand, and each multiplies with the next.
    static let alternativesLimit = 1000
}

extension ServerNamePattern {
    /// The names of both: a star stands for one label.
    fileprivate func intersection(_ other: ServerNamePattern) -> ServerNamePattern? {
        if self == other { return self }
        if isWildcard == other.isWildcard { return nil }
        let (pattern, name) = isWildcard ? (self, other) : (other, self)
        let parent = name.name.split(separator: ".", maxSplits: 1).last.map(String.init)
        return parent == pattern.name && name.name != pattern.name ? name : nil
    }
}
