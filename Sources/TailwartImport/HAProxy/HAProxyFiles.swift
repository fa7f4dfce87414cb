import TailwartWire

/// Reads what a HAProxy configuration keeps in files of their own: lists of patterns, and maps.
struct HAProxyFiles {
    let files: any IncludedFiles
    let findings: Findings

    /// The lines with something in them, each as words; nil with that refused if the file cannot be read.
    func lines(of path: String, at position: SourcePosition) -> [[String]]? {
        guard let text = files.text(of: path) else {
            return findings.refuse(
                "\(path.quoted) cannot be read, so what it lists is missing; run the import where it is, or write its values "
                    + "here", at: position)
        }
        return text.split(whereSeparator: \.isNewline).map { line in
            line.split(whereSeparator: \.isWhitespace).map(String.init)
        }.filter { $0.first?.hasPrefix("#") == false }
    }
}

/// A sample with its converters, such as `req.ssl_sni,lower,map(/etc/haproxy/names.map,web)`.
struct HAProxySample {
    /// In the newer spelling, as `req.ssl_sni`.
    let fetch: String
    /// Without those that change nothing here: names are compared in lower case anyway.
    private(set) var converters: [(name: String, arguments: [String])] = []

    init(_ text: some StringProtocol) {
        var parts = [""]
        var depth = 0
        for character in text {
            if character == "(" { depth += 1 } else if character == ")" { depth -= 1 }
            if character == ",", depth == 0 { parts.append("") } else { parts[parts.count - 1].append(character) }
        }
        fetch = parts[0].replacing("req_ssl_", with: "req.ssl_")
        for part in parts.dropFirst() where part != "lower" || !fetch.hasPrefix("req.ssl_sni") {
            let name = part.prefix { $0 != "(" }
            let inside = part.dropFirst(name.count + 1).dropLast()
            let isWhole = part.count == name.count || part.hasSuffix(")")
            converters.append(
                (
                    isWhole ? String(name) : part,
                    inside.isEmpty
                        ? [] : inside.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
                ))
        }
    }

    /// The file of a map that is looked up by whole names, and what holds where it has none; nil for any other sample.
    var mapOfNames: (path: String, fallback: String?)? {
        guard fetch == "req.ssl_sni", converters.count == 1, ["map", "map_str"].contains(converters[0].name),
            let path = converters[0].arguments.first, converters[0].arguments.count <= 2
        else { return nil }
        return (path, converters[0].arguments.dropFirst().first)
    }
}
