/// Reads nginx's `stream {}`: servers become listeners, everything else is left to nginx.
struct NginxReader {
    let findings: Findings
    let files: any IncludedFiles
    var variables: Variables { findings.variables }
    var upstreams: [String: NginxUpstream] = [:]
    /// By the variable that they set; read only when something is passed by it.
    var maps: [String: (directive: NginxDirective, block: [NginxDirective])] = [:]
    /// From `set $name value;`.
    var constants: [String: String] = [:]

    init(findings: Findings, files: any IncludedFiles) {
        self.findings = findings
        self.files = files
    }

    /// Blocks that are nginx's business.
    private static let otherBlocks = [
        "http": "keep nginx running for it, on ports that no listener here has",
        "mail":
            "nginx's mail proxy ends TLS and logs in by itself; keep nginx running for it, or let the mailbox do both",
    ]

    mutating func read(_ text: String, file: String) throws(SyntaxProblem) -> Draft {
        var draft = Draft()
        let folder = file.lastIndex(of: "/").map { String(file[..<$0]) } ?? ""
        var includes = NginxIncludes(files: files, findings: findings, folder: folder)
        let top = try includes.expand(try NginxParser.parse(text, file: file))
        var streams: [[NginxDirective]] = []
        draft.notes = findings.notes {
            for directive in top {
                if directive.name.text == "stream", let block = directive.block {
                    streams.append(block)
                } else if let reason = Self.otherBlocks[directive.name.text] {
                    findings.note("'\(directive.name.text)' is left to nginx: \(reason)", at: directive.place)
                }
            }
        }
        if streams.isEmpty {
            // A file that is itself included in a stream block.
            let isInside = top.contains { ["server", "upstream", "map"].contains($0.name.text) && $0.block != nil }
            guard isInside else {
                findings.refuse(
                    "there is no 'stream' block here; nginx's http and mail are not imported",
                    at: SourcePlace(file: file, line: 1, column: 1))
                return draft
            }
            streams = [top]
        }
        for stream in streams { draft.listeners += try listeners(of: try includes.expand(stream), &includes) }
        return draft
    }

    private mutating func listeners(
        of stream: [NginxDirective], _ includes: inout NginxIncludes
    ) throws(SyntaxProblem) -> [DraftListener] {
        var shared = NginxSettings()
        var servers: [(directive: NginxDirective, block: [NginxDirective])] = []
        for directive in stream {
            switch (directive.name.text, directive.block) {
            case ("server", let block?):
                servers.append((directive, block))
            case ("upstream", let block?):
                guard let name = directive.words.first?.text else { continue }
                upstreams[name] = NginxUpstream(
                    name: name, place: directive.place, directives: try includes.expand(block))
            case ("map", let block?):
                guard let name = directive.words.last?.text, directive.words.count == 2, name.hasPrefix("$") else {
                    throw SyntaxProblem("'map' takes a variable to look at and one to set", at: directive.place)
                }
                maps[Self.variableName(name)] = (directive, try includes.expand(block))
            case (_, nil):
                shared.read(directive)
            default:
                // Whatever needs what is defined here will say so.
                continue
            }
        }
        var listeners: [DraftListener] = []
        for (server, block) in servers {
            let read = try findings.listener { () throws(SyntaxProblem) in
                listener(try includes.expand(block), shared: shared, at: server.place)
            }
            if let read { listeners.append(read) }
        }
        return listeners
    }
}
