import TailwartCore
import TailwartWire

/// Reads nginx's `stream {}`: servers become listeners, everything else is left to nginx.
struct NginxReader {
    let findings: Findings
    let files: any IncludedFiles
    var variables: Variables { findings.variables }
    /// Blocks by name, read only when something is passed to them.
    var upstreams: [String: SourceStatement] = [:]
    /// By the variable that they set; read only when something is passed by it.
    var maps: [String: SourceStatement] = [:]

    /// Blocks that are read.
    static let blocks: Set = ["stream", "server", "upstream", "map"]
    /// Blocks that are nginx's business.
    private static let otherBlocks = [
        "http": "keep nginx running for it, on ports that no listener here has",
        "mail":
            "nginx's mail proxy terminates TLS and logs in by itself; keep nginx running for it, or let the mailbox do both",
    ]

    mutating func read(_ text: String, file: String) throws(SyntaxProblem) -> Draft {
        var draft = Draft()
        var includes = NginxIncludes(files, of: file, findings)
        let top = try includes.expand(try NginxParser.parse(text, file: file))
        draft.notes = findings.notes {
            for directive in top {
                guard let reason = Self.otherBlocks[directive.keyword] else { continue }
                findings.note("'\(directive.keyword)' is left to nginx: \(reason)", at: directive.position)
            }
        }
        var streams = top.filter { $0.keyword == "stream" }.compactMap(\.block)
        // A file that is itself included in a stream block.
        if streams.isEmpty, top.contains(where: { Self.blocks.contains($0.keyword) && $0.block != nil }) {
            streams = [top]
        }
        if streams.isEmpty {
            findings.refuse(
                "there is no 'stream' block here, and nginx's http and mail are not imported; import the file that has one",
                at: .start(of: file))
        }
        for stream in streams { draft.listeners += try listeners(of: stream) }
        return draft
    }

    private mutating func listeners(of stream: [SourceStatement]) throws(SyntaxProblem) -> [DraftListener] {
        var shared: [SourceStatement] = []
        var servers: [SourceStatement] = []
        for directive in stream {
            switch directive.keyword {
            case _ where directive.block == nil: shared.append(directive)
            case "server": servers.append(directive)
            case "upstream": if let name = directive.onlyWord { upstreams[name.text] = directive }
            case "map":
                guard let name = directive.words.last?.text, directive.words.count == 2, name.hasPrefix("$") else {
                    throw SyntaxProblem("'map' takes a variable to look at and one to set", at: directive.position)
                }
                maps[Self.variableName(name)] = directive
            // Whatever needs what is defined here will say so.
            default: break
            }
        }
        return servers.flatMap { server in
            findings.listeners { listeners(server.block ?? [], shared: shared, at: server.position) }
        }
    }

    /// An address of `listen` or `server`.
    ///
    /// Variables are filled in for each connection; `${NAME}` in capitals, which nginx has none of, is for `envsubst`, as in the
    /// templates of its container.
    func address(_ word: SourceWord) -> SourceAddress? {
        let isUnix = word.text.hasPrefix("unix:")
        var refused: String?
        let text = Self.replacing(isUnix ? String(word.text.dropFirst(5)) : word.text) { name, isBraced in
            let isForEnvsubst = isBraced && name.allSatisfy { $0.isUppercase || $0.isNumber || $0 == "_" }
            let reference = isForEnvsubst ? variables.refer(to: name) : nil
            if reference == nil { refused = refused ?? "$\(name)" }
            return reference
        }
        if let refused {
            return findings.refuse(refused, .perConnection, at: word.position)
        }
        return SourceAddress(raw: word.text, family: isUnix ? .unix : .any, text: text, position: word.position)
    }

    /// `$name` and `${name}`.
    static func variableName(_ text: String) -> String {
        String(text.dropFirst().filter { $0 != "{" && $0 != "}" })
    }

    /// - Parameter value: of a variable, given its name and whether that is in braces; nil leaves it as it is.
    static func replacing(_ text: String, _ value: (_ name: String, _ isBraced: Bool) -> String?) -> String {
        var result = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            let isBraced = rest.hasPrefix("{")
            let inside = isBraced ? rest.dropFirst() : rest
            let name = String(inside.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
            rest = inside.dropFirst(name.count + (isBraced ? 1 : 0))
            result += value(name, isBraced) ?? (isBraced ? "${\(name)}" : "$\(name)")
        }
        return result + rest
    }

    func duration(_ directive: SourceStatement?) -> SourceDuration? {
        guard let directive else { return nil }
        if let time = ForeignDuration.nginx(directive.texts.joined(separator: " ")) {
            return (time, directive.position)
        }
        return findings.refuse(
            "expected a duration such as 30s, not \(directive.texts.listed)", at: directive.position)
    }
}
