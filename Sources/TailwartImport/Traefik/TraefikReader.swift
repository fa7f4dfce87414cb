import TailwartConfig
import TailwartCore
import TailwartWire

/// Reads a Traefik configuration: entry points with TCP routers become listeners, everything else is left to Traefik.
struct TraefikReader {
    /// A part with a name, from a file or from the labels of a container.
    struct Part {
        let name: String
        let node: TraefikNode
        let position: SourcePosition
        let container: String?
    }

    let findings: Findings
    private let files: any IncludedFiles
    /// By name; a service has one for each container that it is in.
    private var services: [TraefikName: [Part]] = [:]
    private var middlewares: [TraefikName: [Part]] = [:]
    private var transports: [TraefikName: [Part]] = [:]
    private var routers: [TraefikRouter] = []
    /// Entry points of routers of which something was refused; what is left of such a one could let in whom they kept out.
    private var spoiled: [[TraefikNode]] = []
    /// Refusals that belong to one router or entry point alone.
    private var ownRefusals = 0
    private var web: [TraefikWebRouter] = []

    init(_ files: any IncludedFiles, _ findings: Findings) {
        self.files = files
        self.findings = findings
    }

    private static let roots = WordTable(
        harmless: """
            entrypoints providers tcp http log accesslog api metrics tracing certificatesresolvers global ping enable docker
            serverstransport hostresolver experimental hub spiffe core pilot tls swarm ocsp
            """,
        left: ["udp": "UDP is left to Traefik"], refused: ["tcpserverstransport": .unknown])
    private static let parts = WordTable(harmless: "routers services middlewares serverstransports")

    mutating func read(_ text: String, file: String) throws(SyntaxProblem) -> Draft {
        var draft = Draft()
        let before = findings.refusals
        var sources: TraefikSources?
        var problem: SyntaxProblem?
        draft.notes = findings.notes {
            do throws(SyntaxProblem) { sources = try TraefikSources(text, file: file, files, findings) } catch {
                problem = error
            }
        }
        if let problem { throw problem }
        guard let sources else { return draft }
        for root in sources.statics + sources.dynamics.map(\.root) {
            for member in root.members { Self.roots.read(member.key.lowercased(), at: member.position, findings) }
        }
        let syntax = sources.statics.lazy.compactMap { $0[["core", "defaultRuleSyntax"]]?.text }.first
        for dynamic in sources.dynamics { collect(dynamic, syntax: syntax) }
        checkRepeats()
        var points: [TraefikEntryPoint] = []
        var areAllRead = true
        draft.notes += findings.notes {
            for member in sources.statics.flatMap({ $0["entryPoints"]?.members ?? [] }) {
                let refusals = findings.refusals
                let point = TraefikEntryPoint(member, published: sources.published, findings)
                if findings.refusals > refusals {
                    ownRefusals += findings.refusals - refusals
                    areAllRead = false
                } else if let point {
                    points.append(point)
                }
            }
        }
        // Whom something else is about is not known, so nothing is left; nor where a router is on all that there are, and one is not read.
        let isSpoiled =
            findings.refusals - before > ownRefusals
            || !areAllRead && (routers.map(\.entryPoints) + spoiled).contains(where: \.isEmpty)
        checkNames(sources)
        draft.notes += findings.notes { noteRest(points, sources) }
        for point in points where !isSpoiled && !spoiled.contains(where: { isOn(point, $0, points) }) {
            draft.listeners += findings.listeners {
                let routers = routers.filter { isOn(point, $0.entryPoints, points) }
                return routers.isEmpty
                    ? [] : [listener(point, routers, web.filter { isOn(point, $0.entryPoints, points) })]
            }
        }
        return draft
    }

    /// What names no entry point is on all that are default ones, or on all.
    private func isOn(_ point: TraefikEntryPoint, _ names: [TraefikNode], _ all: [TraefikEntryPoint]) -> Bool {
        guard names.isEmpty else {
            return names.contains { $0.text == point.name }
        }
        return point.name != "traefik" && (point.isDefault || !all.contains(where: \.isDefault))
    }

    private mutating func collect(_ dynamic: TraefikSources.Dynamic, syntax: String?) {
        func parts(_ path: String...) -> [Part] {
            (dynamic.root[path]?.members ?? []).map {
                Part(name: $0.key, node: $0.value, position: $0.position, container: dynamic.container)
            }
        }
        for member in dynamic.root["tcp"]?.members ?? [] {
            Self.parts.read(member.key.lowercased(), at: member.position, findings)
        }
        let own = parts("tcp", "services")
        for part in own { add(part, to: \.services, isShared: part.container != nil) }
        for part in parts("tcp", "middlewares") { add(part, to: \.middlewares) }
        for part in parts("tcp", "serversTransports") { add(part, to: \.transports) }
        for part in parts("tcp", "routers") {
            // The only service of a container is that of its routers.
            let usual = dynamic.container == nil || own.count != 1 ? nil : own[0].name
            let refusals = findings.refusals
            let router = TraefikRouter(part, service: usual, syntax: syntax, findings)
            if findings.refusals > refusals {
                ownRefusals += findings.refusals - refusals
                spoiled.append(part.node["entryPoints"]?.elements ?? [])
            } else if let router {
                routers.append(router)
            }
        }
        web += parts("http", "routers").map { TraefikWebRouter($0.node) }
    }

    /// - Parameter isShared: whether containers may have one of the same name, of which each has a server.
    private mutating func add(
        _ part: Part, to list: WritableKeyPath<TraefikReader, [TraefikName: [Part]]>, isShared: Bool = false
    ) {
        let name = TraefikName(part.name, in: part.container)
        if let other = self[keyPath: list][name]?.first, !isShared {
            findings.refuse(
                "\(part.name.quoted) is there already, in \(other.position.inWords(of: part.position.file)); keep one of them",
                at: part.position)
        }
        self[keyPath: list][name, default: []].append(part)
    }

    /// What a name stands for; nil with that refused if it is nowhere here.
    ///
    /// - Parameter container: of what names it.
    func services(_ name: String, in container: String?, at position: SourcePosition) -> [Part]? {
        found(name, "service", in: services, container, at: position)
    }

    func middleware(_ name: String, in container: String?, at position: SourcePosition) -> Part? {
        found(name, "middleware", in: middlewares, container, at: position)?.first
    }

    func transport(_ name: String, in container: String?, at position: SourcePosition) -> Part? {
        found(name, "transport", in: transports, container, at: position)?.first
    }

    private func found(
        _ name: String, _ kind: String, in list: [TraefikName: [Part]], _ container: String?,
        at position: SourcePosition
    ) -> [Part]? {
        list[TraefikName(name, in: container)]
            ?? findings.refuse(
                "there is no \(kind) \(name.quoted) for TCP here; import the file that has it with this one",
                at: position)
    }

    private func checkNames(_ sources: TraefikSources) {
        let known = Set(sources.statics.flatMap { $0["entryPoints"]?.members.map(\.key) ?? [] })
        for name in routers.flatMap(\.entryPoints) where !known.contains(name.text ?? "") {
            findings.refuse(
                "there is no entry point \((name.text ?? "").quoted) here; import the file that has the entry points and names this "
                    + "one, or write them into this file", at: name.position)
        }
    }

    private func checkRepeats() {
        for (index, router) in routers.enumerated() {
            let same = routers[..<index].first {
                TraefikName($0.name, in: $0.container) == TraefikName(router.name, in: router.container)
            }
            guard let same else { continue }
            findings.refuse(
                "the router \(router.name.quoted) is there already, in \(same.position.inWords(of: router.position.file)); keep one "
                    + "of them", at: router.position)
        }
    }

    /// What is left to Traefik, and what a container's name means.
    private func noteRest(_ points: [TraefikEntryPoint], _ sources: TraefikSources) {
        let taken = routers.map(\.entryPoints) + spoiled
        for point in points where !taken.contains(where: { isOn(point, $0, points) }) {
            findings.note(
                "the entry point \(point.name.quoted) has no TCP router and is left to Traefik: keep it running for this, on ports "
                    + "that no listener here has", at: point.position)
        }
        if let router = routers.first(where: { $0.container != nil }) {
            findings.note(
                "\((router.container ?? "").quoted) is the name of a container, which only others of its Docker network know; on the "
                    + "host write the address of the mail server, or publish its ports on 127.0.0.1",
                at: router.position)
        }
    }

    func refuse(_ part: TraefikNode.Member, _ reason: Unsupported) {
        findings.refuse(part.key, reason, at: part.position)
    }
}

/// A name with its provider, as in `mail@docker`: without one it is of the provider of what names it. Traefik tells capital letters
/// apart.
struct TraefikName: Hashable {
    let name: String
    private let provider: String

    init(_ text: String, in container: String?) {
        let parts = text.split(separator: "@", maxSplits: 1).map(String.init)
        name = parts.first ?? text
        let named = parts.dropFirst().first ?? (container == nil ? "file" : "docker")
        // Labels come by either.
        provider = named == "swarm" ? "docker" : named
    }
}
