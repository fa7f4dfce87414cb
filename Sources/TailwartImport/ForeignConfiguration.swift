import TailwartConfig
import TailwartCore
import TailwartWire

/// Configurations of other programs, told by a look at the text.
package enum ForeignConfiguration {
    package enum Kind: String, CaseIterable, Sendable {
        /// Caddy's JSON with the layer4 app.
        case caddy
        case nginx
        case haproxy
        /// With `layer4` among its global options.
        case caddyfile
        /// In YAML or TOML, or a compose file with Traefik's labels.
        case traefik

        package var name: String {
            switch self {
            case .caddy: "a Caddy JSON configuration"
            case .nginx: "an nginx configuration"
            case .haproxy: "a HAProxy configuration"
            case .caddyfile: "a Caddyfile"
            case .traefik: "a Traefik configuration"
            }
        }

        /// Whose file it is.
        var program: String {
            switch self {
            case .caddy, .caddyfile: "Caddy"
            case .nginx: "nginx"
            case .haproxy: "HAProxy"
            case .traefik: "Traefik"
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
            let line = line.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)[0]
            if let kind = statements(of: line).lazy.compactMap(kind).first { return kind }
        }
        return isTraefik(text) ? .traefik : nil
    }

    /// What to say where one of ours was expected; nil if the text is nothing that can be imported.
    ///
    /// - Parameter file: as the operator named it.
    package static func advice(text: String, file: String) -> String? {
        guard let kind = recognise(text: text) else { return nil }
        return "\(file): this is \(kind.name). Convert it: `tailwart import \(file) > tailwart.yaml`"
    }

    /// Why a text is not imported that is not recognised.
    ///
    /// - Parameter file: as the operator named it.
    package static func refusal(text: String, file: String) -> String {
        if text.allSatisfy({ $0.isWhitespace || $0 == "\u{FEFF}" }) {
            return "\(file): it is empty; is it the right one?"
        }
        if isOurs(text) {
            return "\(file): this is a Tailwart configuration already. Check it with `tailwart check`."
        }
        if let tool = ForeignTool(text: text) { return "\(file): \(tool.advice)" }
        return
            "\(file): neither caddy-l4 JSON or a Caddyfile with layer4, nor a configuration of nginx, HAProxy or Traefik by its looks. "
            + "Say what it is with --from."
    }

    /// By its keys at the left edge, so that one with mistakes is known too; one in braces must be good.
    private static func isOurs(_ text: String) -> Bool {
        let keys = ["mailbox:", "upstreams:", "listeners:"]
        return text.split(whereSeparator: \.isNewline).contains { line in keys.contains(where: line.hasPrefix) }
            || Configuration.load(text: text, file: "", environment: [:]).configuration != nil
    }

    private static func isCaddy(_ text: Substring) -> Bool {
        text.contains("\"apps\"") || text.contains("\"layer4\"")
    }

    /// Entry points or TCP routers at the left edge, or a compose file in which Traefik is spoken of.
    private static func isTraefik(_ text: Substring) -> Bool {
        let lines = text.split(whereSeparator: \.isNewline).map { line in
            line.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)[0]
        }
        func begins(_ words: String...) -> Bool {
            lines.contains { line in words.contains { line.lowercased().hasPrefix($0) } }
        }
        if begins("entrypoints:", "[entrypoints", "[tcp.", "[[tcp.") { return true }
        if begins("tcp:") { return lines.contains { $0.contains("routers:") || $0.contains("services:") } }
        guard begins("services:") else { return false }
        return lines.contains { line in
            let line = line.lowercased()
            return line.contains("traefik.tcp.") || line.contains("--entrypoints.")
        }
    }

    /// The words of a line up to a brace, a semicolon or its end, and which of these it was.
    private typealias Statement = (words: [Substring], end: Character?)

    /// nginx takes whole files on one line. A line of ours, with its colon behind the key, is one statement.
    private static func statements(of line: Substring) -> [Statement] {
        let first = line.split(maxSplits: 1, whereSeparator: \.isWhitespace).first
        guard let first, first != "-", !first.hasSuffix(":") else { return [] }
        var statements: [Statement] = []
        var rest = line
        while !rest.isEmpty {
            let text = rest.prefix { !"{;}".contains($0) }
            rest = rest.dropFirst(text.count)
            statements.append((text.split(whereSeparator: \.isWhitespace), rest.popFirst()))
        }
        return statements
    }

    /// Words that begin a statement in one kind of file only.
    private static func kind(of statement: Statement) -> Kind? {
        let (words, end) = statement
        switch words.first {
        case "stream", "http", "mail", "events", "upstream", "map", "server":
            // The brace may stand on the next line.
            return end == "{" || end == nil && words.count == 1 ? .nginx : nil
        case "worker_processes", "load_module", "user", "pid", "error_log", "include":
            return end == ";" ? .nginx : nil
        case "global", "defaults", "frontend", "backend", "listen", "resolvers", "peers":
            return end == nil ? .haproxy : nil
        case "layer4":
            return end == "{" ? .caddyfile : nil
        default:
            return nil
        }
    }
}
