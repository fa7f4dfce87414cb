import TailwartConfig
import TailwartCore
import TailwartWire

/// A draft in the shape of our file: upstreams have names, routes name them.
struct Plan {
    private(set) var configuration = Configuration()
    /// Where a part stands in the imported file; an upstream may come from several positions.
    private var origins: [FilePositions.Part: [SourcePosition]] = [:]
    /// What there is to say about each listener, and at the end about names that are added.
    private var notes: [[Finding]]
    private let variables: Variables

    init(_ draft: Draft, _ variables: Variables) {
        self.variables = variables
        notes = draft.listeners.map(\.notes)
        let shared = SharedUpstreams(draft.listeners, variables)
        let planned = shared.planned
        for (upstream, positions) in planned { origins[.upstream(upstream.name)] = positions }
        configuration.maxConnections = draft.maxConnections ?? Defaults.maxConnections
        configuration.upstreams = planned.map(\.upstream)
        var names = UniqueNames()
        configuration.listeners = draft.listeners.enumerated().map { number, draft in
            origins[.listener(number)] = [draft.position]
            let name = names.take(variables.references.written(draft.name ?? draft.proto.rawValue, escaped: false))
            let routes = draft.routes.enumerated().map { index, route in
                origins[.route(listener: number, index)] = [route.position]
                let match = route.match.isAlways ? nil : route.match.routeMatch
                guard let dial = route.dial, let (index, port) = shared.find(route, of: draft) else {
                    return Route(match: match, to: .close)
                }
                let (upstream, header) = (planned[index].upstream, dial.upstream.proxyProtocol)
                return Route(
                    match: match, to: .upstream(upstream.name, port: port),
                    proxyProtocol: header == upstream.proxyProtocol ? nil : header)
            }
            var listener = Listener(
                name: name, bind: draft.binds, proto: draft.proto, routes: routes,
                proxyProtocolIn: draft.proxyProtocolIn, maxConnections: draft.maxConnections)
            if let concurrent = draft.concurrent { listener.limits = ListenerLimits(concurrent: concurrent) }
            if let hello = draft.hello { listener.timeouts.hello = hello.time }
            if let idle = draft.idle { listener.timeouts.idle = idle.time }
            if let halfClosed = draft.halfClosed { listener.timeouts.halfClosed = halfClosed }
            return listener
        }
    }

    /// Where a part stands in the imported file, or begins to.
    func position(of part: FilePositions.Part) -> SourcePosition? { origins[part]?.first }

    /// The newest of the names that mail programs look up below a domain are missing in files that are older than them: with these
    /// added the short form may say it all.
    mutating func complete(_ findings: Findings) {
        // The short form has one listener that asks for names.
        guard let number = configuration.listeners.firstIndex(where: { $0.routes[0].match != nil }),
            let names = configuration.listeners[number].routes[0].match?.serverNames,
            let position = position(of: .route(listener: number, 0))
        else { return }
        let (old, newest) = (Defaults.httpsNamePrefixes.dropLast(), Defaults.httpsNamePrefixes.suffix(1))
        let domains = names.map { "\($0)".split(separator: ".", maxSplits: 1) }
            .filter { $0.count == 2 && $0[0] == old[0] && !variables.areIn($0[1]) }
            .map { $0[1] }.withoutRepeats
            .filter { Set(Defaults.httpsNames(below: $0, old)).isSubset(of: names) }
        let missing = domains.flatMap { Defaults.httpsNames(below: $0, newest) }.filter { !names.contains($0) }
        var completed = configuration
        completed.listeners[number].routes[0].match?.serverNames += missing
        guard ConfigurationWriter(completed, references: variables.references).mailbox != nil else { return }
        configuration = completed
        notes.append(
            findings.notes {
                for name in missing {
                    findings.note(
                        "\(name) goes to the mailbox too: mail programs look it up like the others", at: position)
                }
            })
    }

    /// The file's lines, with what was taken from where.
    ///
    /// - Parameters:
    ///   - head: what stands above all of it.
    ///   - file: whose name is not repeated with each position.
    func write(head: [String], of file: String) -> [YAMLWriter.Line] {
        let writer = ConfigurationWriter(configuration, references: variables.references)
        let notes = notes.map { $0.map { $0.comment(in: file) } }
        var comments = origins.mapValues { [Self.origin($0, in: file)] }
        if let mailbox = writer.mailbox {
            let sources = configuration.listeners.indices.flatMap { origins[.listener($0)] ?? [] }
            comments = [.upstream(mailbox): [Self.origin(sources, in: file)] + notes.joined()]
        } else {
            for (number, notes) in notes.enumerated() { comments[.listener(number)]? += notes }
        }
        comments[.file] = head
        return writer.write(comments: comments)
    }

    /// `from line 7 (/apps/layer4/…) and lines 8, 9`.
    private static func origin(_ positions: [SourcePosition], in file: String) -> String {
        let others = positions.dropFirst().map { position in
            position.file == positions[0].file ? "\(position.line)" : "\(position.line) of \(position.file)"
        }.withoutRepeats
        let more =
            switch others.count {
            case 0: ""
            case 1: " and line \(others[0])"
            case 2...8: " and lines \(others.joined(separator: ", "))"
            default: " and \(others.count) more places"
            }
        return "from \(positions[0].inWords(of: file))\(more)"
    }
}

/// Names for upstreams and listeners in the form that ours have: 1 to 63 letters, digits, `-`, `_`, `.`.
struct UniqueNames {
    private var taken: Set<String> = ["close"]

    mutating func take(_ wish: String) -> String {
        let words = wish.prefix(50).split { !($0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0))) }
        var name = words.joined(separator: "-").drop { "-_.".contains($0) }
        while name.last == "-" { name.removeLast() }
        if name.isEmpty { name = "unnamed" }
        var candidate = String(name)
        var number = 2
        while !taken.insert(candidate).inserted {
            candidate = "\(name)-\(number)"
            number += 1
        }
        return candidate
    }
}
