import Yams

extension YAMLNode {
    /// Reads a file's text into a tree, with variables replaced; nil if it is not one YAML document.
    static func parse(_ text: String, substitution: Substitution, problems: Problems) -> YAMLNode? {
        guard var source = SourceText(text, problems: problems) else { return nil }
        // Yams refuses a repeated key and names only its first place. Each round changes a letter of that first one, until
        // all are different; the converter puts the letters back and reports the repetition where it stands.
        var masked: [FilePlace: String] = [:]
        while true {
            do {
                let parser = try Parser(yaml: source.text, resolver: .basic, constructor: .default, encoding: .utf8)
                guard let root = try parser.singleRoot() else {
                    problems.error("the file is empty; it needs at least 'mailbox' or 'listeners'", at: .start)
                    return nil
                }
                let converter = YAMLConverter(substitution: substitution, maskedKeys: masked, problems: problems)
                // Nodes hold their anchors weakly; the parser owns them.
                return withExtendedLifetime(parser) { converter.convert(root) }
            } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
                let place = FilePlace(context.mark)
                let key = keys.first ?? ""
                guard masked.count < repeatLimit, source.maskKey(key, at: place, number: UInt32(masked.count)) else {
                    problems.error(
                        "the key \(SourceText.restored(key).quoted) is repeated; keep one of them", at: place)
                    return nil
                }
                masked[place] = SourceText.restored(key)
            } catch {
                report(error, in: source, problems: problems)
                return nil
            }
        }
    }

    /// Repeated keys that are looked for: each costs another round.
    private static let repeatLimit = 20

    private static func report(_ error: any Error, in source: SourceText, problems: Problems) {
        switch error {
        case YamlError.composer(_, problem: "but found another document", let mark, _):
            problems.error("a second document begins here; a configuration is one document", at: FilePlace(mark))
        case YamlError.scanner(let context, let problem, let mark, _),
            YamlError.parser(let context, let problem, let mark, _),
            YamlError.composer(let context, let problem, let mark, _):
            let place = source.clamped(FilePlace(mark))
            let hint = hint(for: problem, character: source.scalar(at: place)).map { "; \($0)" } ?? ""
            let context = context.map { ", \($0.text) (line \($0.mark.line))" } ?? ""
            problems.error("not valid YAML: \(problem)\(context)\(hint)", at: place)
        default:
            problems.error("not valid YAML: \(error)", at: .start)
        }
    }

    private static func hint(for problem: String, character: Unicode.Scalar?) -> String? {
        switch problem {
        case "found character that cannot start any token":
            character == "\t" ? "indent with spaces, not tabs" : "put the value in quotes"
        case "mapping values are not allowed in this context":
            "indent the keys of a mapping equally, and put a value that contains ': ' in quotes"
        case "found unexpected ':'":
            "put a value that contains colons in quotes"
        case "did not find expected key":
            "indent the keys of a mapping equally"
        case "could not find expected ':'":
            "a key ends with a colon and a space"
        case _ where problem.hasPrefix("Maximum nesting level"):
            "a configuration is not nested that deeply"
        default: nil
        }
    }
}

extension FilePlace {
    init(_ mark: Mark) {
        self.init(line: mark.line, column: mark.column)
    }
}
