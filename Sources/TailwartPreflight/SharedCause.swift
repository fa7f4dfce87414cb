/// Findings of one cause, as five ports of a mail server have it that does not run: a person reads them as one line.
struct SharedCause: Sendable, Equatable {
    private(set) var findings: [Finding]
    /// As all have it: as the first where they are the same, else without the ports and names in which they differ.
    let detail: String
    /// That of the first.
    let fix: String?

    /// Those that say the same of several subjects stand together, at the place of the first.
    static func all(_ findings: [Finding]) -> [SharedCause] {
        var order: [Key] = []
        var members: [Key: [Finding]] = [:]
        for finding in findings {
            let key = Key(finding)
            if members[key] == nil { order.append(key) }
            members[key, default: []].append(finding)
        }
        return order.compactMap { key in members[key].flatMap { SharedCause($0, key.detail) } }
    }

    private init?(_ findings: [Finding], _ common: String) {
        guard let first = findings.first else { return nil }
        self.findings = findings
        detail = findings.allSatisfy { $0.detail == first.detail } ? first.detail : common
        fix = first.fix
    }

    var check: Finding.Check { findings[0].check }
    var result: Finding.Result { findings[0].result }

    /// All of them: what they begin with, up to the port, is said once.
    var subject: String {
        let subjects = findings.map(\.subject)
        let beginning = subjects[0].prefix { $0 != "(" }.lastIndex(of: ":").map { subjects[0][...$0] } ?? ""
        let isShared = subjects.allSatisfy { subject in
            subject.hasPrefix(beginning) && subject.dropFirst(beginning.count).first?.isNumber ?? false
        }
        guard !beginning.isEmpty, isShared else { return subjects.joined(separator: ", ") }
        return beginning + subjects.map { $0.dropFirst(beginning.count) }.joined(separator: ", ")
    }

    /// What is the same of findings with one cause.
    private struct Key: Hashable {
        let check: Finding.Check
        let result: Finding.Result
        let detail: String
        let fix: String?

        init(_ finding: Finding) {
            (check, result) = (finding.check, finding.result)
            // Which name a web server was asked for stands in the subject.
            let name = finding.subject.firstMatch(of: #/\(https, (.+)\)$/#).map { "'\($0.1)'" }
            func common(_ text: String) -> String {
                Self.withoutPorts(name.map { text.replacing($0, with: "this name") } ?? text)
            }
            detail = common(finding.detail)
            fix = finding.fix.map(common)
        }

        private static func withoutPorts(_ text: String) -> String {
            text.replacing(#/:\d+/#, with: "").replacing(#/\bport \d+/#, with: "the port")
                .replacing(#/port_start=\d+/#, with: "port_start")
        }
    }
}
