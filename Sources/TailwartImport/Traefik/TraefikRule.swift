import TailwartCore
import TailwartWire

/// The rule of a TCP router, such as ``HostSNI(`mail.example.org`) && !ClientIP(`10.0.0.0/8`)``: `&&` binds more than `||`.
///
/// A condition is a list of alternatives, each a match.
struct TraefikRule {
    private enum Token: Equatable {
        case word(String)
        /// In backticks or quotes.
        case text(String)
        case sign(String)
    }

    /// Brackets in brackets; nobody writes more by hand.
    private static let depthLimit = 20

    private let findings: Findings
    private let position: SourcePosition
    /// Whether it is of a router for TLS; another one sees no name.
    private let isTLS: Bool
    /// As Traefik 2 has it: several values in one matcher, and expressions of its own.
    private let isOld: Bool
    private var tokens: ArraySlice<Token>

    /// The alternatives; nil if something was refused.
    static func matches(_ router: TraefikRouter, _ findings: Findings) -> [DraftMatch]? {
        let (text, position) = (router.rule.text ?? "", router.rule.position)
        guard let tokens = tokens(of: text) else {
            return findings.refuse("\(text.quoted) is no rule that is understood here", at: position)
        }
        var rule = TraefikRule(
            findings: findings, position: position, isTLS: router.isTLS, isOld: router.hasOldRule, tokens: tokens[...])
        guard let matches = rule.either(depth: 0) else { return nil }
        guard rule.tokens.isEmpty else {
            return findings.refuse("\(text.quoted) is no rule that is understood here", at: position)
        }
        return matches
    }

    private mutating func either(depth: Int) -> [DraftMatch]? {
        guard var matches = both(depth: depth) else { return nil }
        while take(.sign("||")) {
            guard let more = both(depth: depth) else { return nil }
            matches += more
        }
        return DraftMatch.or(matches)
    }

    private mutating func both(depth: Int) -> [DraftMatch]? {
        guard var matches = one(depth: depth) else { return nil }
        while take(.sign("&&")) {
            guard let more = one(depth: depth),
                let joined = findings.said(DraftMatch.and(matches, more), at: position)
            else { return nil }
            matches = joined
        }
        return matches
    }

    private mutating func one(depth: Int) -> [DraftMatch]? {
        var isNegated = false
        while take(.sign("!")) { isNegated.toggle() }
        var matches: [DraftMatch]?
        if take(.sign("(")), depth < Self.depthLimit {
            guard let inner = either(depth: depth + 1) else { return nil }
            guard take(.sign(")")) else { return notUnderstood() }
            matches = inner
        } else {
            matches = matcher()
        }
        guard let matches, isNegated else { return matches }
        return findings.said(DraftMatch.none(of: matches), of: "!", at: position).map { $0.isNever ? [] : [$0] }
    }

    private mutating func matcher() -> [DraftMatch]? {
        guard case .word(let name) = tokens.popFirst(), take(.sign("(")) else { return notUnderstood() }
        var values: [String] = []
        while case .text(let value) = tokens.first {
            tokens.removeFirst()
            values.append(value)
            if !take(.sign(",")) { break }
        }
        guard take(.sign(")")), !values.isEmpty else { return notUnderstood() }
        guard let matcher = Self.matchers.first(where: { Self.spellings($0).contains(name) }) else {
            guard let meant = Self.matchers.first(where: { $0.lowercased() == name.lowercased() }) else {
                return findings.refuse(name, .conditions, at: position)
            }
            return findings.refuse(
                "Traefik knows no \(name.quoted) and leaves such a router out; write \(meant.quoted)", at: position)
        }
        guard values.count == 1 || isOld else {
            return findings.refuse(
                "\(matcher) with \(values.count) values is of Traefik 2, and Traefik 3 leaves such a router out; write "
                    + "\(values.map { "\(matcher)(`\($0)`)" }.joined(separator: " || "))", at: position)
        }
        switch matcher {
        case "HostSNI": return names(values)
        case "HostSNIRegexp": return isOld ? findings.refuse(matcher, .expression, at: position) : names(like: values)
        case "ClientIP":
            let networks = values.compactMap { findings.network($0, at: position) }
            return networks.count == values.count ? [DraftMatch(clients: networks)] : nil
        default: return isTLS ? [DraftMatch(alpn: values)] : withoutTLS(matcher)
        }
    }

    private static let matchers = ["HostSNI", "HostSNIRegexp", "ClientIP", "ALPN"]

    /// Any other spelling is an error to Traefik, which leaves the router out.
    private static func spellings(_ name: String) -> [String] {
        [name, name.lowercased(), name.uppercased(), name.prefix(1).uppercased() + name.dropFirst().lowercased()]
    }

    private func names(like expressions: [String]) -> [DraftMatch]? {
        var names: [String] = []
        for expression in expressions {
            guard let texts = FiniteExpression.texts(expression) else {
                return findings.refuse("HostSNIRegexp", .expression, at: position)
            }
            names += texts
        }
        // Traefik has the name in small letters by then.
        let found = names.filter { $0 == $0.lowercased() }
        if found.count < names.count {
            findings.note(
                "Traefik compares the expression with a name in small letters, so capital ones never match; here neither",
                at: position)
        }
        return found.isEmpty ? [] : self.names(found)
    }

    private func names(_ values: [String]) -> [DraftMatch]? {
        if values.contains("*") { return [isTLS ? DraftMatch(tls: true) : .always] }
        guard isTLS else { return withoutTLS("HostSNI") }
        var match = DraftMatch()
        for value in values {
            guard let name = ServerNamePattern(value.lowercased()) else {
                return findings.refuse("\(value.quoted) is no server name here; write each name", at: position)
            }
            match.serverNames.append(name)
        }
        return [match]
    }

    private func withoutTLS(_ name: String) -> [DraftMatch]? {
        findings.refuse(
            "\(name.quoted) asks for a TLS hello, and without 'tls' Traefik refuses that; add 'tls: {passthrough: true}', or write "
                + "HostSNI(`*`)", at: position)
    }

    private func notUnderstood() -> [DraftMatch]? {
        findings.refuse("this rule is not understood here; write it as HostSNI(`mail.example.org`)", at: position)
    }

    private mutating func take(_ token: Token) -> Bool {
        guard tokens.first == token else { return false }
        tokens.removeFirst()
        return true
    }

    private static func tokens(of text: String) -> [Token]? {
        var tokens: [Token] = []
        var rest = Substring(text)
        while let first = rest.first {
            if first.isWhitespace {
                rest.removeFirst()
            } else if rest.hasPrefix("&&") || rest.hasPrefix("||") {
                tokens.append(.sign(String(rest.prefix(2))))
                rest = rest.dropFirst(2)
            } else if "()!,".contains(first) {
                tokens.append(.sign(String(first)))
                rest.removeFirst()
            } else if first == "`" || first == "\"" {
                let value = rest.dropFirst().prefix { $0 != first }
                rest = rest.dropFirst(value.count + 1)
                // What a backslash means in quotes is not worth knowing: names have none.
                guard rest.popFirst() == first, first == "`" || !value.contains("\\") else { return nil }
                tokens.append(.text(String(value)))
            } else {
                let word = rest.prefix { $0.isASCII && $0.isLetter }
                guard !word.isEmpty else { return nil }
                tokens.append(.word(String(word)))
                rest = rest.dropFirst(word.count)
            }
        }
        return tokens
    }
}
