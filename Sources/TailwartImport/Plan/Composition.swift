import TailwartConfig
import TailwartCore
import TailwartWire

/// The file that an import prints: a head that says where it comes from, and the short form where it fits.
struct Composition {
    private let yaml: YAMLLines
    private let samples: [String: String]
    private let file: String

    init(
        file: String, kind: ForeignConfiguration.Kind, plan: Plan, variables: Variables, _ findings: Findings
    ) {
        samples = variables.samples
        self.file = file
        var yaml = YAMLLines(mainFile: file)
        yaml.comment("Imported from \(file), \(kind.name).")
        yaml.comment(
            "Comments name its lines and say what differs. Look it through, then: tailwart check --config FILE")
        if !variables.names.isEmpty {
            yaml.comment(
                "Needs in the environment: \(variables.names.joined(separator: ", ")). Not set is an error here.")
        }
        let refused = findings.all.filter { $0.severity == .refused }
            .map { finding in
                let line = "\(finding.place.line)" + (finding.place.file == file ? "" : " of \(finding.place.file)")
                return "- line \(line): \(finding.message)"
            }.withoutRepeats
        if !refused.isEmpty {
            yaml.comment("NOT WHOLE. What could not be expressed, and is left out with the whole of its listener:")
            for line in refused { yaml.comment(line) }
        }
        for note in plan.notes { yaml.comment(note) }
        yaml.blank()
        if let short = ShortForm(plan) {
            for addition in short.additions { findings.note(addition.message, at: addition.place) }
            short.write(to: &yaml)
        } else {
            plan.writeGeneralForm(to: &yaml)
        }
        self.yaml = yaml
    }

    var text: String { yaml.text }

    /// Loads what will be printed, so that nothing is printed that ours would refuse; what is wrong is said at its place in
    /// the imported file.
    func check(_ findings: Findings) -> Bool {
        let result = Configuration.load(text: text, file: "tailwart.yaml", environment: samples)
        for problem in result.problems where problem.severity == .error {
            let line = yaml.lines.prefix(problem.line).last { $0.place != nil } ?? yaml.lines.first { $0.place != nil }
            let place = line?.place ?? SourcePlace(file: file, line: 1, column: 1)
            findings.refuse("what this stands for cannot be: \(problem.message)", at: place)
        }
        return result.configuration != nil
    }
}
