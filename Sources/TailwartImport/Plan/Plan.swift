import TailwartConfig
import TailwartCore
import TailwartWire

/// A draft in the shape of our file: upstreams have names, routes name them.
struct Plan {
    private(set) var configuration = Configuration()
    /// Where a part stands in the imported file.
    private(set) var positions: [FilePositions.Part: SourcePosition] = [:]
    /// All positions that an upstream comes from.
    private var origins: [FilePositions.Part: [SourcePosition]] = [:]
    /// What there is to say about each listener.
    private let notes: [[Finding]]
    /// What there is to say about names that are added.
    private var additions: [Finding] = []
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
                positions[.route(listener: number, index)] = route.position
                let match = route.match.isAlways ? nil : route.match.routeMatch
                guard let dial = route.dial, let (upstream, port) = shared.find(route, of: draft) else {
                    return Route(match: match, to: .close)
                }
                let header = dial.upstream.proxyProtocol
                return Route(
                    match: match, to: .upstream(planned[upstream].upstream.name, port: port),
                    proxyProtocol: header == planned[upstream].upstream.proxyProtocol ? nil : header)
            }
            return draft.listener(named: name, routes: routes)
        }
        for (part, all) in origins { positions[part] = all.first }
    }

    /// The newest of the names that mail programs look up below a domain are missing in files that are older than them: with these
    /// added the short form may say it all.
    mutating func complete(_ findings: Findings) {
        var completed = configuration
        let (old, newest) = (Defaults.httpsNamePrefixes.dropLast(), Defaults.httpsNamePrefixes.suffix(1))
        var additions: [(name: ServerNamePattern, position: SourcePosition)] = []
        for (number, listener) in configuration.listeners.enumerated() {
            guard let names = listener.routes[0].match?.serverNames,
                let position = positions[.route(listener: number, 0)]
            else {
                continue
            }
            let domains = names.map { "\($0)".split(separator: ".", maxSplits: 1) }
                .filter { $0.count == 2 && $0[0] == Defaults.httpsNamePrefixes[0] && !variables.areIn($0[1]) }
                .map { $0[1] }.withoutRepeats
            for domain in domains {
                let missing = Defaults.httpsNames(below: domain, newest).filter { !names.contains($0) }
                guard Set(Defaults.httpsNames(below: domain, old)).isSubset(of: names) else { continue }
                additions += missing.map { ($0, position) }
                completed.listeners[number].routes[0].match?.serverNames += missing
            }
        }
        guard ConfigurationWriter(completed, references: variables.references).mailbox != nil else { return }
        configuration = completed
        self.additions = findings.notes {
            for (name, position) in additions {
                findings.note(
                    "\(name) goes to the mailbox too: mail programs look it up like the others",
                    at: position)
            }
        }
    }

    /// The file's lines, with what was taken from where.
    ///
    /// - Parameters:
    ///   - head: what stands above all of it.
    ///   - file: whose name is not repeated with each position.
    func write(head: [String], of file: String) -> [YAMLWriter.Line] {
        let writer = ConfigurationWriter(configuration, references: variables.references)
        var comments: [FilePositions.Part: [String]] = [:]
        let listeners = notes.indices.map { FilePositions.Part.listener($0) }
        if let mailbox = writer.mailbox {
            let sources = listeners.flatMap { origins[$0] ?? [] }
            comments[.upstream(mailbox)] =
                [Self.origin(sources, in: file)] + (notes.joined() + additions).map { $0.comment(in: file) }
        } else {
            comments = origins.mapValues { [Self.origin($0, in: file)] }
            for (part, notes) in zip(listeners, notes) { comments[part]? += notes.map { $0.comment(in: file) } }
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

extension DraftListener {
    fileprivate func listener(named name: String, routes: [Route]) -> Listener {
        var listener = Listener(
            name: name, bind: binds, proto: proto, routes: routes, proxyProtocolIn: proxyProtocolIn,
            maxConnections: maxConnections)
        if let hello { listener.timeouts.hello = hello.time }
        if let idle { listener.timeouts.idle = idle.time }
        if let halfClosed { listener.timeouts.halfClosed = halfClosed }
        return listener
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
