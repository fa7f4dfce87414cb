import TailwartCore
import TailwartWire

/// Reads a HAProxy configuration: what runs in TCP mode becomes listeners, everything else is left to HAProxy.
struct HAProxyReader {
    let findings: Findings
    let files: HAProxyFiles
    var variables: Variables { findings.variables }
    /// `backend` and `listen` sections by name.
    var backends: [String: HAProxySection] = [:]
    /// Whether names are followed, by a `resolvers` section.
    var hasResolvers = false

    init(_ files: any IncludedFiles, _ findings: Findings) {
        self.findings = findings
        self.files = HAProxyFiles(files: files, findings: findings)
    }

    mutating func read(_ text: String, file: String) throws(SyntaxProblem) -> Draft {
        let sections = try HAProxyParser.parse(text, file: file, variables)
        var draft = Draft()
        hasResolvers = sections.contains { $0.kind == "resolvers" }
        let proxies = proxies(sections)
        for proxy in proxies where proxy.kind != "frontend" {
            if let name = proxy.name { backends[name] = proxy }
        }
        draft.notes = findings.notes {
            for line in sections.filter({ $0.kind == "global" }).flatMap(\.lines) where line.keyword == "maxconn" {
                if let condition = line.condition { refuse(condition) }
                draft.maxConnections = maxconn(line)
            }
        }
        for proxy in proxies where proxy.kind != "backend" {
            if proxy.isTCP, proxy.disabled == nil || proxy.firstCondition != nil {
                draft.listeners += findings.listeners { listeners(proxy) }
                continue
            }
            draft.notes += findings.notes {
                let subject = "\(proxy.kind) \(proxy.name ?? "")"
                if let line = proxy.disabled {
                    findings.note("\(subject) is disabled; left out", at: line.position)
                } else {
                    findings.note(
                        "\(subject) is in HTTP mode and left to HAProxy: keep it running for this, on ports that no listener "
                            + "here has", at: proxy.position)
                }
            }
        }
        return draft
    }

    /// What stands on a condition is passed over only where nothing of it is read.
    func refuse(_ condition: SourcePosition) {
        findings.refuse(
            "conditional blocks are not followed; leave the lines that hold for this host, and remove the conditions",
            at: condition)
    }

    /// Frontends, backends and listens, with the lines of the defaults that hold for each before their own.
    private func proxies(_ sections: [HAProxySection]) -> [HAProxySection] {
        var latest: HAProxySection?
        var named: [String: HAProxySection] = [:]
        var proxies: [HAProxySection] = []
        for var section in sections {
            switch section.kind {
            case "defaults":
                // They take over from other ones only where they say so.
                section.defaults = section.base.flatMap { named[$0] }?.all ?? []
                latest = section
                if let name = section.name { named[name] = section }
            case "frontend", "backend", "listen":
                let defaults = section.base.map { named[$0] } ?? latest
                if let base = section.base, defaults == nil {
                    findings.refuse("there are no defaults named \(base.quoted) above", at: section.position)
                }
                section.defaults = defaults?.all ?? []
                proxies.append(section)
            default:
                break
            }
        }
        return proxies
    }

    /// Nil where nothing is said: 0 is HAProxy's own choice.
    func maxconn(_ line: SourceStatement) -> Int? {
        line.texts == ["0"]
            ? nil : findings.number(line.texts.first, in: Allowed.maxConnections, "'maxconn'", at: line.position)
    }

    /// A limit of time; 0 is none.
    func duration(_ line: SourceStatement?) -> SourceDuration? {
        guard let line else { return nil }
        if let text = line.texts.last, let time = ForeignDuration.haproxy(text) {
            return (time == .zero ? .unlimited : time, line.position)
        }
        return findings.refuse("expected a duration such as 30s", at: line.position)
    }

    /// An address of `bind` or `server`: `ipv4@…` and the like, or a path.
    func address(_ text: String, at position: SourcePosition) -> SourceAddress? {
        guard var address = findings.address(text, raw: text, familyBefore: "@", at: position) else { return nil }
        let rest = address.text
        if rest.hasPrefix("/") { address.family = .unix }
        // HAProxy writes IPv6 without brackets too; the last colon is that of the port.
        if let colon = rest.lastIndex(of: ":"), !rest.hasPrefix("["), case .v6 = IPAddress(rest[..<colon]) {
            address.text = "[\(rest[..<colon])]\(rest[colon...])"
        }
        return address
    }
}
