/// Configurations of other programs, told by a look at the text.
package enum ForeignConfiguration {
    package enum Kind: String, CaseIterable, Sendable {
        /// Caddy's JSON with the layer4 app.
        case caddy
        case nginx
        case haproxy
        /// Recognised, so that it can be answered: Caddy itself makes JSON of it.
        case caddyfile

        package var name: String {
            switch self {
            case .caddy: "a Caddy JSON configuration"
            case .nginx: "an nginx configuration"
            case .haproxy: "a HAProxy configuration"
            case .caddyfile: "a Caddyfile"
            }
        }
    }

    /// What a text is; nil for anything else, ours above all.
    package static func recognise(text: String) -> Kind? {
        let text = text.prefix(TextCursor.byteLimit)
        guard let first = text.first(where: { !$0.isWhitespace && $0 != "\u{FEFF}" }) else { return nil }
        if first == "{" {
            // A Caddyfile may begin with its global options in braces, JSON with a key in quotes.
            let inside = text.drop { $0 != "{" }.dropFirst().drop(while: \.isWhitespace)
            if inside.first == "\"" || inside.first == "}" { return isCaddy(text) ? .caddy : nil }
            return text.contains("layer4") ? .caddyfile : nil
        }
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)[0]
                .split(whereSeparator: \.isWhitespace)
            guard let word = words.first else { continue }
            if let kind = kind(of: word, words) { return kind }
        }
        return nil
    }

    /// What to say where one of ours was expected; nil if the text is nothing that can be imported.
    ///
    /// - Parameter file: as the operator named it.
    package static func advice(text: String, file: String) -> String? {
        guard let kind = recognise(text: text) else { return nil }
        let command =
            kind == .caddyfile
            ? "`caddy adapt --config \(file) --pretty > caddy.json`, then `tailwart import caddy.json > tailwart.yaml`"
            : "`tailwart import \(file) > tailwart.yaml`"
        return "\(file): this is \(kind.name). Make ours of it: \(command)"
    }

    private static func isCaddy(_ text: Substring) -> Bool {
        text.contains("\"apps\"") || text.contains("\"layer4\"")
    }

    /// Words that begin a line in one kind of file only. Ours has a colon behind each key.
    private static func kind(of word: Substring, _ words: [Substring]) -> Kind? {
        let endsOpen = words.last?.hasSuffix("{") ?? false
        let endsStatement = words.last?.hasSuffix(";") ?? false
        switch word {
        case "stream", "stream{", "http", "events", "events{", "upstream", "map", "server":
            return endsOpen || words.count == 1 && !word.contains(":") ? .nginx : nil
        case "worker_processes", "load_module", "user", "pid", "error_log", "include":
            return endsStatement ? .nginx : nil
        case "global", "defaults", "frontend", "backend", "listen", "resolvers", "peers":
            return endsOpen || endsStatement ? nil : .haproxy
        case "layer4":
            return endsOpen ? .caddyfile : nil
        default:
            return nil
        }
    }
}
