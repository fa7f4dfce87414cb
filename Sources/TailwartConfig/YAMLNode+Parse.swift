import TailwartWire

extension YAMLNode {
    /// Reads a file's text into a tree; nil if it is not one YAML document.
    ///
    /// - Parameters:
    ///   - substitution: replaces variables; nil leaves the texts as they are.
    ///   - needs: what to say of a file with nothing in it.
    package static func parse(
        _ text: String, substitution: Substitution?, problems: Problems,
        needs: String = "it needs at least 'mailbox' or 'listeners'"
    ) -> YAMLNode? {
        guard let source = SourceText(text, problems: problems) else { return nil }
        let bytes = source.bytes
        return bytes.withUnsafeBufferPointer { buffer in
            var converter = YAMLConverter(YAMLEvents(reading: buffer), of: source, substitution: substitution)
            do throws(YAMLConverter.Failure) {
                let root = try converter.document()
                for complaint in converter.complaints { problems.error(complaint.message, at: complaint.position) }
                return root
            } catch {
                report(error, in: source, problems: problems, needs: needs)
                return nil
            }
        }
    }

    private static func report(
        _ failure: YAMLConverter.Failure, in source: SourceText, problems: Problems, needs: String
    ) {
        switch failure {
        case .empty:
            problems.error("the file is empty; \(needs)", at: .start)
        case .secondDocument(let position):
            problems.error("a second document begins here; a configuration is one document", at: position)
        case .repeated(let key, let position):
            problems.error("the key \(key.quoted) is repeated; keep one of them", at: position)
        case .syntax(let fault):
            let position = source.clamped(fault.position)
            let hint =
                (source.splitsReference(at: position)
                ? "in braces and brackets a value that contains ${…} stands in quotes: \"${NAME}\""
                : hint(for: fault.problem, character: source.scalar(at: position))).map { "; \($0)" } ?? ""
            let context = fault.context.map { ", \($0.text) (line \($0.line))" } ?? ""
            problems.error("not valid YAML: \(fault.problem)\(context)\(hint)", at: position)
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
