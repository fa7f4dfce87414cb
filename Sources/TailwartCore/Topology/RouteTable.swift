package import TailwartWire

/// What is known of a connection's ClientHello when routes are matched.
package enum HelloKnowledge: Sendable {
    /// Not looked at yet, or not whole yet.
    case undecided
    /// There is none and will be none: the listener never peeks, or what the client sent is not TLS.
    case none
    /// By reference: it is large, and asked by several.
    case hello(HelloNote)
}

/// The ordered routes of a listener, indexed so that the number of names costs nothing.
package final class RouteTable: Sendable {
    package enum Decision: Sendable, Equatable {
        case route(Int)
        /// The first route in question depends on the hello, which is not known yet.
        case needsHello
        case noRoute
    }

    package let routes: [Route]
    /// The answer for every client where there is but one: the first route matches everything.
    private let constant: Decision?
    /// The answer for every client before its hello is known, where there is but one: the first route asks for the hello.
    private let constantBeforeHello: Decision?
    private let exact: [InlineBytes: [Int]]
    private let wildcard: [InlineBytes: [Int]]
    /// Routes without a condition on the name.
    private let nameless: [Int]

    package init(_ routes: [Route]) {
        self.routes = routes
        var exact: [InlineBytes: [Int]] = [:]
        var wildcard: [InlineBytes: [Int]] = [:]
        var nameless: [Int] = []
        for (index, route) in routes.enumerated() {
            let patterns = route.match?.serverNames ?? []
            if patterns.isEmpty { nameless.append(index) }
            for pattern in patterns {
                let key = InlineBytes(pattern.name)
                if pattern.isWildcard {
                    wildcard[key, default: []].append(index)
                } else {
                    exact[key, default: []].append(index)
                }
            }
        }
        self.exact = exact
        self.wildcard = wildcard
        self.nameless = nameless
        let matchesAll = routes.first.map { $0.match == nil && !$0.needsHello } ?? false
        constant = matchesAll ? .route(0) : nil
        let first = routes.first?.match ?? RouteMatch()
        let needsHello = routes.first.map { $0.match == nil ? $0.needsHello : first.needsHello } ?? false
        constantBeforeHello = needsHello && first.clients.isEmpty ? .needsHello : nil
    }

    /// The first route, in order, whose conditions all hold. A later route never overtakes an earlier one that is undecided.
    package func decide(client: IPAddress?, hello: HelloKnowledge) -> Decision {
        if let constant { return constant }
        switch hello {
        case .undecided:
            if let constantBeforeHello { return constantBeforeHello }
            for (index, route) in routes.enumerated() {
                let match = route.match ?? RouteMatch()
                // A client condition that already fails decides without the hello.
                guard match.acceptsClient(client) else { continue }
                if match.needsHello { return .needsHello }
                if match.holds(client: client, hello: nil) { return route.needsHello ? .needsHello : .route(index) }
            }
            return .noRoute
        case .none:
            return first(exact: [], wildcard: [], client: client, hello: nil)
        case .hello(let note):
            guard let name = note.hello.serverName else {
                return first(exact: [], wildcard: [], client: client, hello: note)
            }
            let starred = wildcard.isEmpty ? nil : Self.parent(of: name).flatMap { wildcard[$0] }
            return first(exact: exact[name] ?? [], wildcard: starred ?? [], client: client, hello: note)
        }
    }

    /// Walks the three ascending lists of candidates as one, without making one of them.
    private func first(exact: [Int], wildcard: [Int], client: IPAddress?, hello: HelloNote?) -> Decision {
        var positions = (0, 0, 0)
        while true {
            let named = positions.0 < exact.count ? exact[positions.0] : Int.max
            let starred = positions.1 < wildcard.count ? wildcard[positions.1] : Int.max
            let plain = positions.2 < nameless.count ? nameless[positions.2] : Int.max
            let index = min(named, starred, plain)
            guard index < Int.max else { return .noRoute }
            // Who is on these lists has the name, or asks for none.
            if routes[index].match?.holdsBesidesName(client: client, hello: hello) ?? true { return .route(index) }
            if named == index { positions.0 += 1 }
            if starred == index { positions.1 += 1 }
            if plain == index { positions.2 += 1 }
        }
    }

    /// The name without its first label, nil if there is only one.
    private static func parent(of name: InlineBytes) -> InlineBytes? {
        var parent = InlineBytes()
        var index = 0
        while index < name.count, name[index] != UInt8(ascii: ".") { index += 1 }
        guard index > 0, index + 1 < name.count else { return nil }
        for position in (index + 1)..<name.count { parent.append(name[position]) }
        return parent
    }
}

extension RouteMatch {
    /// Whether all conditions hold; `hello` is nil where there is none.
    package func holds(client: IPAddress?, hello: HelloNote?) -> Bool {
        if !serverNames.isEmpty {
            guard let name = hello?.hello.serverName, serverNames.contains(where: { $0.matches(name) }) else {
                return false
            }
        }
        return holdsBesidesName(client: client, hello: hello)
    }

    /// Whether all conditions but those on the name hold.
    func holdsBesidesName(client: IPAddress?, hello: HelloNote?) -> Bool {
        guard acceptsClient(client) else { return false }
        if !alpn.isEmpty {
            guard let offered = hello?.hello.alpn, alpn.contains(where: { offered.contains($0.utf8) }) else {
                return false
            }
        }
        return !not.contains { $0.holds(client: client, hello: hello) }
    }

    /// A client without an address (a unix socket) is in no network.
    func acceptsClient(_ client: IPAddress?) -> Bool {
        guard !clients.isEmpty else { return true }
        guard let client else { return false }
        return clients.contain(client)
    }
}

extension ServerNamePattern {
    /// `name` is lower case and without a trailing dot, as ``ClientHello`` gives it.
    package func matches(_ name: InlineBytes) -> Bool {
        var start = 0
        if isWildcard {
            while start < name.count, name[start] != UInt8(ascii: ".") { start += 1 }
            guard start > 0, start < name.count else { return false }
            start += 1
        }
        guard self.name.utf8.count == name.count - start else { return false }
        for (offset, byte) in self.name.utf8.enumerated() where name[start + offset] != byte { return false }
        return true
    }
}
