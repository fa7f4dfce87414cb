import TailwartCore
import TailwartWire

/// Reads a HAProxy configuration: what runs in TCP mode becomes listeners, everything else is left to HAProxy.
struct HAProxyReader {
    let findings: Findings
    var variables: Variables { findings.variables }
    /// `backend` and `listen` sections by name.
    var backends: [String: HAProxySection] = [:]
    /// Whether names are followed, by a `resolvers` section.
    var hasResolvers = false

    init(findings: Findings) {
        self.findings = findings
    }

    mutating func read(_ text: String, file: String) throws(SyntaxProblem) -> Draft {
        let sections = try HAProxyParser.parse(text, file: file, variables)
        var draft = Draft()
        hasResolvers = sections.contains { $0.kind == "resolvers" }
        let proxies = proxies(sections)
        for proxy in proxies where proxy.kind != "frontend" {
            if let name = proxy.name { backends[name] = proxy }
        }
        draft.notes = findings.notes { draft.maxConnections = readGlobal(sections) }
        for proxy in proxies where proxy.kind != "backend" {
            if proxy.isTCP {
                if let listener = findings.listener({ listener(proxy) }) { draft.listeners.append(listener) }
            } else {
                draft.notes += findings.notes {
                    findings.note(
                        "\(proxy.kind) \(proxy.name ?? "") is in HTTP mode and left to HAProxy: keep it running for this, on ports that "
                            + "no listener here has", at: proxy.place)
                }
            }
        }
        return draft
    }

    /// Frontends, backends and listens, with the lines of the defaults that hold for each before their own.
    private func proxies(_ sections: [HAProxySection]) -> [HAProxySection] {
        var latest: HAProxySection?
        var named: [String: HAProxySection] = [:]
        var proxies: [HAProxySection] = []
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
                var proxy = section
                proxy.defaults = defaults?.lines ?? []
                proxies.append(proxy)
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
            limit = number.within(Allowed.maxConnections, "'maxconn'", at: line.place, findings)
        }
        return limit
    }
}
