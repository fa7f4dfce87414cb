import TailwartConfig
import TailwartCore
import TailwartWire

/// What an import came to.
package struct ImportResult: Sendable {
    /// The text of our file. With refusals it is what is left without the listeners of which something was refused; nil if
    /// nothing is.
    package let yaml: String?
    /// Notes and refusals in the order of the file.
    package let findings: [Finding]
    /// The environment variables that ``yaml`` refers to, each with a value that may stand there.
    package let variables: [String: String]

    init(yaml: String?, findings: [Finding], variables: [String: String] = [:]) {
        self.yaml = yaml
        let files = findings.map(\.place.file).withoutRepeats
        let order = Dictionary(files.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        self.findings = findings.enumerated().sorted { first, second in
            let keys = [first, second].map { number, finding in
                (order[finding.place.file] ?? 0, finding.place.line, finding.place.column, number)
            }
            return keys[0] < keys[1]
        }.map(\.element)
        self.variables = variables
    }

    package var isWhole: Bool { !findings.contains { $0.severity == .refused } }

    /// One line for each thing to say; what is said of several places stands at the first, with the lines of the others.
    package var messages: [String] {
        var lines: [String] = []
        var told: Set<String> = []
        for finding in findings where told.insert(finding.message).inserted {
            let others = findings.filter { other in
                other.message == finding.message
                    && (other.place.line != finding.place.line || other.place.file != finding.place.file)
            }.map { other in
                (other.place.file == finding.place.file ? "" : "\(other.place.file):") + "\(other.place.line)"
            }.withoutRepeats
            let also = others.isEmpty ? "" : " (also line \(others.prefix(20).joined(separator: ", ")))"
            lines.append("\(finding)\(also)")
        }
        return lines
    }
}

/// Other programs' configurations to ours.
package struct Importer {
    /// What to call the file in messages and comments.
    let file: String
    let kind: ForeignConfiguration.Kind
    /// Reads what the file includes.
    let files: any IncludedFiles

    package init(file: String, kind: ForeignConfiguration.Kind, files: any IncludedFiles) {
        self.file = file
        self.kind = kind
        self.files = files
    }

    package func run(_ text: String) -> ImportResult {
        let findings = Findings()
        guard text.utf8.count <= TextCursor.byteLimit else {
            findings.refuse("the file is larger than 1 MiB; is it the right one?", at: start)
            return ImportResult(yaml: nil, findings: findings.all)
        }
        var variables = Variables()
        var draft: Draft
        do throws(SyntaxProblem) {
            draft = try read(text, findings, &variables)
        } catch {
            findings.refuse(error.message, at: error.place)
            return ImportResult(yaml: nil, findings: findings.all)
        }
        draft.settle(findings)
        if draft.listeners.isEmpty {
            if findings.refusals == 0 {
                findings.refuse("nothing in this file passes TCP connections on; is it the right one?", at: start)
            }
            return ImportResult(yaml: nil, findings: findings.all)
        }
        let composition = Composition(file: file, kind: kind, plan: Plan(draft), variables: variables, findings)
        let isGood = composition.check(findings)
        return ImportResult(
            yaml: isGood ? composition.text : nil, findings: findings.all, variables: variables.samples)
    }

    private var start: SourcePlace { SourcePlace(file: file, line: 1, column: 1) }

    private func read(
        _ text: String, _ findings: Findings, _ variables: inout Variables
    ) throws(SyntaxProblem) -> Draft {
        switch kind {
        case .caddy:
            let root = try JSONElement(reading: text, file: file)
            var reader = CaddyReader(findings: findings)
            let draft = reader.read(root)
            variables = reader.variables
            return draft
        case .nginx:
            var reader = NginxReader(findings: findings, files: files)
            let draft = try reader.read(text, file: file)
            variables = reader.variables
            return draft
        case .haproxy:
            var reader = HAProxyReader(findings: findings)
            let draft = try reader.read(text, file: file)
            variables = reader.variables
            return draft
        case .caddyfile:
            throw SyntaxProblem(
                "a Caddyfile is read by Caddy alone: `caddy adapt --config \(file) --pretty > caddy.json` makes JSON of it, "
                    + "and that can be imported", at: start)
        }
    }
}
