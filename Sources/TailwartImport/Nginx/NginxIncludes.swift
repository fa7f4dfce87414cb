import TailwartWire

/// Puts the files that are included in the place of the `include`.
struct NginxIncludes {
    /// Files of one configuration, however they include each other.
    static let fileLimit = 100
    /// Bytes of all of them.
    static let byteLimit = 4 << 20

    private let files: any IncludedFiles
    private let findings: Findings
    /// The folder of the main file, where relative paths begin; empty for the current one.
    private let folder: String
    private var count = 0
    private var bytes = 0

    init(_ files: any IncludedFiles, of file: String, _ findings: Findings) {
        self.files = files
        self.findings = findings
        folder = file.lastIndex(of: "/").map { String(file[..<$0]) } ?? ""
    }

    /// The directives with what they include, in those blocks too that are read.
    mutating func expand(_ directives: [SourceStatement]) throws(SyntaxProblem) -> [SourceStatement] {
        var result: [SourceStatement] = []
        for directive in directives {
            guard directive.keyword == "include", directive.block == nil else {
                var whole = directive
                if let block = directive.block, NginxReader.blocks.contains(directive.keyword) {
                    whole.block = try expand(block)
                }
                result.append(whole)
                continue
            }
            guard let pattern = directive.onlyWord?.text else {
                throw SyntaxProblem("'include' takes one path", at: directive.position)
            }
            let path = pattern.hasPrefix("/") || folder.isEmpty ? pattern : "\(folder)/\(pattern)"
            let paths = files.paths(of: path)
            if paths.isEmpty {
                findings.note(
                    "there is no file \(path.quoted) on this host, and nginx reads none then; run the import where they are",
                    at: directive.position)
            }
            for path in paths {
                guard count < Self.fileLimit else {
                    throw SyntaxProblem(
                        "more than \(Self.fileLimit) files are included; do they include each other?",
                        at: directive.position)
                }
                count += 1
                guard let text = files.text(of: path) else {
                    findings.refuse(
                        "\(path.quoted) cannot be read, so what it says is missing; run the import where it is, or put its lines here",
                        at: directive.position)
                    continue
                }
                bytes += text.utf8.count
                guard bytes <= Self.byteLimit else {
                    throw SyntaxProblem(
                        "the included files have more than 4 MiB; that is too much", at: directive.position)
                }
                result += try expand(NginxParser.parse(text, file: path))
            }
        }
        return result
    }
}
