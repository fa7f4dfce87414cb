import TailwartWire

/// Puts the files that are included in the place of the `include`.
struct NginxIncludes {
    /// Files of one configuration, however they include each other.
    static let fileLimit = 100
    /// Bytes of all of them.
    static let byteLimit = 4 << 20
    static let depthLimit = 16

    let files: any IncludedFiles
    let findings: Findings
    /// The folder of the main file, where relative paths begin; empty for the current one.
    let folder: String
    private var count = 0
    private var bytes = 0

    init(files: any IncludedFiles, findings: Findings, folder: String) {
        self.files = files
        self.findings = findings
        self.folder = folder
    }

    /// - Parameter read: makes directives of a file's text and name.
    mutating func expand(
        _ directives: [NginxDirective], depth: Int = 0
    ) throws(SyntaxProblem) -> [NginxDirective] {
        var result: [NginxDirective] = []
        for directive in directives {
            guard directive.name.text == "include", directive.block == nil else {
                result.append(directive)
                continue
            }
            guard let pattern = directive.words.first?.text, directive.words.count == 1 else {
                throw SyntaxProblem("'include' takes one path", at: directive.place)
            }
            guard depth < Self.depthLimit else {
                throw SyntaxProblem(
                    "files that include files more than \(Self.depthLimit) deep; do they include each other?",
                    at: directive.place)
            }
            let path = pattern.hasPrefix("/") || folder.isEmpty ? pattern : "\(folder)/\(pattern)"
            for path in files.paths(of: path) {
                guard count < Self.fileLimit else {
                    throw SyntaxProblem(
                        "more than \(Self.fileLimit) files are included; that is too many", at: directive.place)
                }
                count += 1
                guard let text = files.text(of: path) else {
                    findings.refuse(
                        "\(path.quoted) cannot be read, so what it says is missing; run the import where it is, or put its lines here",
                        at: directive.place)
                    continue
                }
                bytes += text.utf8.count
                guard bytes <= Self.byteLimit else {
                    throw SyntaxProblem(
                        "the included files have more than 4 MiB; that is too much", at: directive.place)
                }
                result += try expand(NginxParser.parse(text, file: path), depth: depth + 1)
            }
        }
        return result
    }
}
