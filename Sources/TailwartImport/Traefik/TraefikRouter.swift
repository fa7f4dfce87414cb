import TailwartCore
import TailwartWire

/// A TCP router as it is written.
struct TraefikRouter {
    let name: String
    let container: String?
    let position: SourcePosition
    let entryPoints: [TraefikNode]
    let rule: TraefikNode
    let service: TraefikNode
    let middlewares: [TraefikNode]
    let isTLS: Bool
    /// Whether its rule is one of Traefik 2.
    let hasOldRule: Bool
    /// The higher the earlier.
    let priority: Int

    private static let words = WordTable(
        harmless: "entrypoints rule service middlewares priority tls rulesyntax", tuning: "observability")
    private static let tlsWords = WordTable(harmless: "passthrough options certresolver domains")

    /// Whether Traefik asks it last of all: its rule is ``HostSNI(`*`)`` alone.
    var takesAll: Bool {
        var text = (rule.text ?? "").filter { !$0.isWhitespace }.lowercased()
        while text.hasPrefix("("), text.hasSuffix("))") { text = String(text.dropFirst().dropLast()) }
        return text == "hostsni(`*`)" || text == "hostsni(\"*\")"
    }

    /// - Parameters:
    ///   - service: where it leads if it does not say so.
    ///   - syntax: of its rule, if it does not say so.
    init?(_ part: TraefikReader.Part, service usual: String?, syntax: String?, _ findings: Findings) {
        let node = part.node
        (name, container, position) = (part.name, part.container, part.position)
        for member in node.members { Self.words.read(member.key.lowercased(), at: member.position, findings) }
        guard let rule = node["rule"], let text = rule.text else {
            findings.refuse("the router \(part.name.quoted) has no rule; write HostSNI(`*`)", at: part.position)
            return nil
        }
        guard !text.contains("{{") else {
            findings.refuse("templates are not filled in here; write what this one comes to", at: rule.position)
            return nil
        }
        self.rule = rule
        hasOldRule = (node["ruleSyntax"]?.text ?? syntax) == "v2"
        guard let service = node["service"] ?? usual.map({ TraefikNode(.text($0), at: part.position) }) else {
            findings.refuse("the router \(part.name.quoted) names no service; add it", at: part.position)
            return nil
        }
        self.service = service
        entryPoints = node["entryPoints"]?.elements ?? []
        middlewares = node["middlewares"]?.elements ?? []
        let tls = node["tls"].flatMap { $0.flag == false ? nil : $0 }
        isTLS = tls != nil
        for member in tls?.members ?? [] {
            Self.tlsWords.read(member.key.lowercased().prefix { $0 != "[" }.description, at: member.position, findings)
        }
        if let tls, tls["passthrough"]?.flag != true {
            findings.refuse("tls", .endsTLS, at: tls.position)
        }
        let written = node["priority"].map { Int($0.text ?? "") ?? .max } ?? 0
        // Traefik keeps the highest for itself, and leaves out a router that has one.
        if let node = node["priority"], written > Int.max - 1000 {
            findings.refuse("'priority' is a whole number, and less than the highest 1000", at: node.position)
        }
        priority = written
    }

    /// Whether both take everything, and do the same with it.
    func leadsOn(as other: TraefikRouter) -> Bool { takesAll && other.takesAll && doesTheSame(as: other) }

    func doesTheSame(as other: TraefikRouter) -> Bool {
        service.text == other.service.text && middlewares.map(\.text) == other.middlewares.map(\.text)
    }

    /// By which Traefik sorts: what is written, else the length of the rule, else last.
    var rank: Int { priority != 0 ? priority : takesAll ? -1 : (rule.text ?? "").utf8.count }
}

/// An HTTP router, which stays with Traefik: which names it takes from a port that TCP routers share.
struct TraefikWebRouter {
    let entryPoints: [TraefikNode]
    /// Empty for one that any name leads to.
    let names: [String]
    let hasTLS: Bool

    init(_ node: TraefikNode) {
        entryPoints = node["entryPoints"]?.elements ?? []
        hasTLS = node["tls"].map { $0.flag != false } ?? false
        var names: [String] = []
        var rest = (node["rule"]?.text ?? "")[...]
        // Traefik takes every Host of the rule for a name, whatever stands around it.
        while let start = rest.firstRange(of: "Host(") {
            rest = rest[start.upperBound...]
            let inside = rest.prefix { $0 != ")" }
            names += inside.split(separator: ",").map { $0.filter { !"`\"' ".contains($0) }.lowercased() }
        }
        self.names = names.filter { !$0.isEmpty }
    }
}
