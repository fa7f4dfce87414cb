import TailwartCore
import TailwartWire

/// Reads a HAProxy configuration: what runs in TCP mode becomes listeners, everything else is left to HAProxy.
struct HAProxyReader {
    let findings: Findings
    var variables = Variables()
    /// `backend` and `listen` sections by name.
    var backends: [String: HAProxyProxy] = [:]
    /// Whether names are followed, by a `resolvers` section.
    var hasResolvers = false

    init(findings: Findings) {
        self.findings = findings
    }

    mutating func read(_ text: String, file: String) throws(SyntaxProblem) -> Draft {
        var variables = Variables()
        // What a variable stands for is not known while words are read; a host name may stand in most places.
        let sections = try HAProxyParser.parse(text, file: file) { variables.refer(to: $0, as: .host) }
        self.variables = variables
        var draft = Draft()
        hasResolvers = sections.contains { $0.kind == "resolvers" }
        let proxies = proxies(sections)
        for proxy in proxies where proxy.kind != "frontend" {
            if let name = proxy.name { backends[name] = proxy }
        }
        let (_, notes, _) = findings.during { draft.maxConnections = readGlobal(sections) }
        draft.notes = notes
        for proxy in proxies where proxy.kind != "backend" {
            guard proxy.isTCP else {
                let (_, notes, _) = findings.during {
                    findings.note(
                        "\(proxy.kind) \(proxy.name ?? "") is in HTTP mode and left to HAProxy: keep it running for this, on ports that "
                            + "no listener here has", at: proxy.place)
                }
                draft.notes += notes
                continue
            }
            var listener: DraftListener?
            let (_, notes, isRefused) = findings.during { listener = self.listener(proxy) }
            guard !isRefused, var listener else { continue }
            listener.notes = notes
            draft.listeners.append(listener)
        }
        return draft
    }

    /// Frontends, backends and listens, with the lines of the defaults that hold for each before their own.
    private func proxies(_ sections: [HAProxySection]) -> [HAProxyProxy] {
        var latest: HAProxySection?
        var named: [String: HAProxySection] = [:]
        var proxies: [HAProxyProxy] = []
        for section in sections {
            switch section.kind {
            case "defaults":
                var defaults = section
                if let base = section.base.flatMap({ named[$0] }) { defaults.lines = base.lines + section.lines }
                latest = defaults
                if let name = section.name { named[name] = defaults }
            case "frontend", "backend", "listen":
                let defaults = section.base.map { named[$0] } ?? latest
                if section.base != nil, defaults == nil {
                    findings.refuse(
                        "there are no defaults named \((section.base ?? "").quoted) above", at: section.place)
                }
                proxies.append(HAProxyProxy(section, defaults: defaults?.lines ?? []))
            default:
                break
            }
        }
        return proxies
    }

    private func readGlobal(_ sections: [HAProxySection]) -> Int? {
        var limit: Int?
        for line in sections.filter({ $0.kind == "global" }).flatMap(\.lines) where line.keyword == "maxconn" {
            guard let text = line.texts.first, let number = Int(text) else {
                findings.refuse("a whole number should stand here", at: line.place)
                continue
            }
            limit = number.within(
                Allowed.maxConnections, "'maxconn'", at: line.place, findings, text: { "\($0)" })
        }
        return limit
    }
}

/// A `frontend`, `backend` or `listen` section with its defaults.
struct HAProxyProxy {
    let kind: String
    let name: String?
    let place: SourcePlace
    let defaults: [HAProxyLine]
    let lines: [HAProxyLine]

    init(_ section: HAProxySection, defaults: [HAProxyLine]) {
        kind = section.kind
        name = section.name
        place = section.place
        self.defaults = defaults
        lines = section.lines
    }

    var all: [HAProxyLine] { defaults + lines }

    /// HAProxy's own default is TCP.
    var isTCP: Bool { ["tcp", nil].contains(last("mode")?.texts.first) }

    /// The line that holds: the last one, those of the section after those of its defaults.
    func last(_ words: String...) -> HAProxyLine? {
        all.last { $0.words.map(\.text).starts(with: words) }
    }
}
