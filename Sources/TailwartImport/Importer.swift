import TailwartConfig
package import TailwartCore
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

    init(yaml: String?, findings: [Finding], variables: [String: String]) {
        self.yaml = yaml
        self.findings = findings.map(\.position.file).withoutRepeats.flatMap { file in
            findings.filter { $0.position.file == file }
                .sorted { $0.position.precedes($1.position) }
        }
        self.variables = variables
    }

    package var isWhole: Bool { !findings.contains { $0.severity == .refused } }

    /// One line for each thing to say; what is said of several places stands at the first, with the lines of the others.
    package var messages: [String] {
        var lines: [String] = []
        var told: Set<String> = []
        for finding in findings where told.insert(finding.message).inserted {
            let (file, line) = (finding.position.file, finding.position.line)
            let others = findings.filter { $0.message == finding.message }.map(\.position).compactMap { other in
                other.file != file ? "\(other.file):\(other.line)" : other.line != line ? "\(other.line)" : nil
            }.withoutRepeats
            let also = others.isEmpty ? "" : " (also line \(others.prefix(20).joined(separator: ", ")))"
            lines.append("\(finding)\(also)")
        }
        return lines
    }
}

extension ImportResult {
    /// What is printed of our file: all, with `isPartial` what is left, or nothing.
    package func printed(isPartial: Bool) -> String? { isWhole || isPartial ? yaml : nil }

    /// The result as a script gets it.
    package func answer(file: String, isPartial: Bool) -> CommandAnswer {
        let problems = findings.map { finding in
            CommandAnswer.Problem(
                finding.severity == .refused ? .error : .warning, finding.message, file: finding.position.file,
                at: TextPosition(line: finding.position.line, column: finding.position.column))
        }
        return Self.answer(file: file, isGood: isWhole, problems, printed(isPartial: isPartial))
    }

    /// Of a file that could not be looked at.
    package static func answer(file: String, problems: [CommandAnswer.Problem]) -> CommandAnswer {
        answer(file: file, isGood: false, problems, nil)
    }

    private static func answer(
        file: String, isGood: Bool, _ problems: [CommandAnswer.Problem], _ yaml: String?
    ) -> CommandAnswer {
        CommandAnswer(isGood: isGood, problems: problems, ["file": .text(file), "configuration": yaml.json])
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
        let variables = Variables()
        let result = run(text, variables)
        // Rare enough to read it all again: now those ports are known that no variable may stand for.
        return variables.areMistakable ? run(text, Variables(literalPorts: variables.literalPorts)) : result
    }

    private func run(_ text: String, _ variables: Variables) -> ImportResult {
        let findings = Findings(variables, program: kind.program)
        var yaml: String?
        do throws(SyntaxProblem) {
            yaml = try self.yaml(of: text, findings)
        } catch {
            findings.refuse(error.message, at: error.position)
        }
        return ImportResult(yaml: yaml, findings: findings.all, variables: yaml == nil ? [:] : variables.samples)
    }

    private func yaml(of text: String, _ findings: Findings) throws(SyntaxProblem) -> String? {
        guard text.utf8.count <= TextCursor.byteLimit else {
            throw SyntaxProblem("the file is larger than 1 MiB; is it the right one?", at: start)
        }
        var draft = try read(text, findings)
        draft.settle(findings)
        guard !draft.listeners.isEmpty else {
            if findings.refusals > 0 { return nil }
            throw SyntaxProblem("nothing in this file passes TCP connections on; is it the right one?", at: start)
        }
        var plan = Plan(draft, findings.variables)
        let head = head(draft, findings)
        plan.complete(findings)
        let lines = plan.write(head: head, of: file)
        return check(lines, plan, findings) ? lines.text : nil
    }

    /// What stands above the file that an import prints.
    private func head(_ draft: Draft, _ findings: Findings) -> [String] {
        var head = [
            "Imported from \(file), \(kind.name).",
            "Comments name its lines and say what differs. Look it through, then: tailwart check --config FILE",
        ]
        let names = findings.variables.names
        if !names.isEmpty {
            head.append("Needs in the environment: \(names.joined(separator: ", ")). Not set is an error here.")
        }
        let refused = findings.all.filter { $0.severity == .refused }.map { "- \($0.comment(in: file))" }.withoutRepeats
        if !refused.isEmpty {
            head.append("INCOMPLETE. Not imported, each with its whole listener:")
        }
        return head + refused + draft.notes.map { $0.comment(in: file) }
    }

    /// Loads what will be printed, so that nothing is printed that ours would refuse; what is wrong is said at its position in
    /// the imported file.
    private func check(_ lines: [YAMLWriter.Line], _ plan: Plan, _ findings: Findings) -> Bool {
        let result = Configuration.load(
            text: lines.text, file: "tailwart.yaml", environment: findings.variables.samples)
        for problem in result.problems where problem.severity == .error {
            let position = lines.prefix(problem.line).last.flatMap { plan.position(of: $0.part) } ?? start
            findings.refuse("what this stands for cannot be: \(problem.message)", at: position)
        }
        return result.configuration != nil
    }

    private var start: SourcePosition { .start(of: file) }

    private func read(_ text: String, _ findings: Findings) throws(SyntaxProblem) -> Draft {
        switch kind {
        case .caddy:
            var reader = CaddyReader(findings: findings)
            return reader.read(try JSONElement(reading: text, file: file))
        case .nginx:
            var reader = NginxReader(findings: findings, files: files)
            return try reader.read(text, file: file)
        case .haproxy:
            var reader = HAProxyReader(files, findings)
            return try reader.read(text, file: file)
        case .traefik:
            var reader = TraefikReader(files, findings)
            return try reader.read(text, file: file)
        case .caddyfile:
            var front = CaddyfileReader(findings)
            let root = JSONElement(madeOf: file, try front.read(text, file: file))
            var reader = CaddyReader(findings: findings)
            reader.isCaddyfile = true
            return reader.read(root)
        }
    }
}
