import TailwartCore
import TailwartWire

/// The `tcp-request` rules of a frontend, as far as they mean something here.
struct HAProxyRules {
    let acls: HAProxyACLs
    private let findings: Findings
    /// Routes that close, before all others.
    private(set) var closing: [DraftRoute] = []
    private(set) var inspectDelay: SourceStatement?
    /// Networks whose connections begin with a PROXY header, and where that is said.
    private(set) var expected: (networks: [Network], isForAll: Bool, position: SourcePosition)?
    private var asksForHello = false
    private var phases: [String: ClosingRules] = [:]

    private static let actions = WordTable(
        tuning: """
            set-var set-var-fmt unset-var set-log-level set-tos set-mark set-nice capture set-bandwidth-limit set-fc-tos
            set-fc-mark
            """,
        refused: [
            "track-sc0": .clients, "track-sc1": .clients, "track-sc2": .clients, "do-resolve": .perConnection,
            "use-service": .answers, "send-spoe-group": .content,
        ])

    /// Whether HAProxy waits for the hello.
    var waitsForHello: Bool { inspectDelay != nil && asksForHello }

    /// - Parameter port: of the addresses that connections come to, where they have but one.
    init(_ lines: [SourceStatement], _ files: HAProxyFiles, port: UInt16?) {
        findings = files.findings
        acls = HAProxyACLs(lines, files, port: port)
        for line in lines where line.keyword == "tcp-request" {
            let texts = line.texts
            switch (texts.first, texts.dropFirst().first) {
            case ("inspect-delay", _): inspectDelay = ForeignDuration.haproxy(texts.last ?? "") == .zero ? nil : line
            case ("connection", "expect-proxy"): expect(line)
            case (let phase?, "accept"), (let phase?, "reject"), (let phase?, "silent-drop"):
                guard ["connection", "content", "session"].contains(phase) else {
                    findings.refuse(phase, .unknown, at: line.position)
                    continue
                }
                let matches = acls.condition(line.words.dropFirst(2))
                asksForHello = asksForHello || phase == "content" && matches?.contains(where: \.needsHello) != false
                guard let matches else { continue }
                if texts[1] == "accept" {
                    phases[phase, default: ClosingRules()].letIn(matches)
                } else {
                    if texts[1] != "reject" {
                        findings.note("'silent-drop' does not tell the client; here it is closed", at: line.position)
                    }
                    for match in matches { close(match, phase: phase, line) }
                }
            case (_, let action?):
                // Some have what they set in brackets.
                Self.actions.read(String(action.prefix { $0 != "(" }), at: line.position, findings)
            default: findings.refuse(nil, .unknown, at: line.position)
            }
        }
    }

    private mutating func expect(_ line: SourceStatement) {
        guard let matches = acls.condition(line.words.dropFirst(3)), !matches.isEmpty else { return }
        expected = expected ?? ([], false, line.position)
        if matches == [.always] { expected?.isForAll = true }
        guard phases["connection"]?.letAnybodyIn != true,
            matches.allSatisfy({ $0 == DraftMatch(clients: $0.clients) })
        else {
            return findings.refuse(
                "only the networks of those who send a PROXY header can be named here, with 'if { src … }' and before rules that "
                    + "let others in", at: line.position)
        }
        expected?.networks += matches.flatMap(\.clients)
    }

    private mutating func close(_ match: DraftMatch, phase: String, _ line: SourceStatement) {
        let rest = phases[phase, default: ClosingRules()].rest(of: match, at: line.position, findings)
        guard let rest, !rest.isNever else { return }
        closing.append(DraftRoute(match: rest, position: line.position, isBeforeHeader: phase == "connection"))
    }
}
