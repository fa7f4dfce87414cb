import TailwartCore
import TailwartWire

/// The `tcp-request` rules of a frontend, as far as they mean something here.
struct HAProxyRules {
    let findings: Findings
    let acls: HAProxyACLs
    /// Routes that close, before all others.
    private(set) var closing: [(route: DraftRoute, isBeforeHeader: Bool)] = []
    private(set) var inspectDelay: HAProxyLine?
    /// Networks whose connections begin with a PROXY header.
    private(set) var expected: [Network] = []
    private(set) var expectPlace: SourcePlace?
    /// What earlier rules have let in.
    private var accepted: [String: [DraftMatch]] = [:]

    init(findings: Findings, acls: HAProxyACLs) {
        self.findings = findings
        self.acls = acls
    }

    /// The alternatives of the condition that begins at a word with `if` or `unless`; always, where there is none.
    func condition(of line: HAProxyLine, after count: Int) -> [DraftMatch]? {
        acls.condition(line.words.dropFirst(count), at: line.place)
    }

    mutating func read(_ lines: [HAProxyLine]) {
        for line in lines where line.keyword == "tcp-request" {
            let texts = line.texts
            switch (texts.first, texts.dropFirst().first) {
            case ("inspect-delay", _):
                inspectDelay = line
            case ("connection", "expect-proxy"):
                expect(line)
            case (let phase?, let action?) where ["connection", "content", "session"].contains(phase):
                read(action, phase: phase, line)
            default:
                findings.refuse("this rule is not understood; remove it, or keep this with HAProxy", at: line.place)
            }
        }
    }

    private mutating func expect(_ line: HAProxyLine) {
        expectPlace = line.place
        guard let matches = condition(of: line, after: 4) else { return }
        guard matches.allSatisfy({ $0 == DraftMatch(clients: $0.clients) }) else {
            return findings.refuse(
                "only the networks of those who send a PROXY header can be named here, with 'if { src … }'",
                at: line.place)
        }
        expected += matches.flatMap(\.clients)
    }

    private mutating func read(_ action: String, phase: String, _ line: HAProxyLine) {
        switch action {
        case "accept":
            let isNamed = line.words.dropFirst(3).contains { !["if", "unless"].contains($0.text) }
            guard let matches = condition(of: line, after: 3) else { return }
            accepted[phase, default: []] += matches
            if matches.contains(where: \.needsHello) || !isNamed {
                findings.note(
                    "'content accept' is not needed here: a route that asks for a name waits for the hello by itself",
                    at: line.place)
            }
        case "reject":
            guard let matches = condition(of: line, after: 3) else { return }
            // What is not TLS has been let in, or is rejected: neither is told apart here.
            for match in matches where match.tls != false { close(match, phase: phase, line) }
            if matches.contains(where: { $0.tls == false }) || matches.contains(.always) && accepted[phase] != nil {
                findings.note(
                    "what is not TLS is not told apart here: it goes where TLS without a name goes, and is refused there",
                    at: line.place)
            }
        case "set-var", "set-log-level", "set-tos", "set-mark", "capture", "set-bandwidth-limit", "unset-var":
            findings.note("it is for the log or tunes; left out", at: line.place)
        default:
            findings.refuse(
                "\(action.quoted): clients are not counted, changed or answered here; let the firewall do it, or keep this with "
                    + "HAProxy", at: line.place)
        }
    }

    private mutating func close(_ match: DraftMatch, phase: String, _ line: HAProxyLine) {
        let accepted = accepted[phase] ?? []
        // An end that rejects everything behind rules that wait for a hello.
        if match.isAlways, accepted.contains(where: { $0.isAlways || $0.tls == true }) { return }
        guard let spared = DraftMatch.none(of: accepted), let both = match.and(spared) else {
            return findings.refuse(
                "this rule and those before it cannot be said in one match here; divide them", at: line.place)
        }
        guard !both.isNever else { return }
        closing.append((DraftRoute(match: both, place: line.place), phase == "connection"))
    }

    /// Where a PROXY header comes first, rules of the connection are about who sends it: whom they let in is trusted.
    ///
    /// - Returns: empty where they say nothing.
    mutating func takePeers() -> [Network] {
        var trusted = expected
        for (route, _) in closing.filter(\.isBeforeHeader) {
            let spared = route.match.not.first?.clients ?? []
            if trusted.isEmpty, route.match == DraftMatch(not: [DraftMatch(clients: spared)]) {
                trusted = spared
            } else if trusted.isEmpty {
                findings.refuse(
                    "whom to trust must be named here, not whom to distrust; let in those who send a PROXY header with "
                        + "'tcp-request connection expect-proxy layer4 if { src … }'", at: route.place)
            } else {
                findings.note(
                    "this rule is about the proxies in front, not about their clients; left out: whoever is not trusted is "
                        + "closed", at: route.place)
            }
        }
        closing.removeAll(where: \.isBeforeHeader)
        return trusted
    }
}
