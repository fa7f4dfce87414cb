/// Looks for secrets in one file of those that an edge and its mailbox are set up with: YAML (ours, compose files), `.env` and
/// `.env.example`, Stalwart's JSON, dumps by name. No I/O.
package enum SecretScan {
    /// Who reads more about one file?
    package static let findingLimit = 50
    /// On a line: what is found there is meant to be there, for the reason that follows.
    package static let allowance = "tailwart:allow-secret"

    /// How a file is read, by its name.
    package enum Kind: Sendable, Equatable {
        /// It is not to be committed at all.
        case finding(SecretFinding)
        case yaml
        case json
        /// `.env.example`: keys without values.
        case example
        /// Not looked into.
        case other
    }

    private static let exampleWords: Set = ["example", "sample", "template", "dist", "defaults"]
    private static let dumpWords: Set = ["dump", "pgdump", "rdb", "sqlite", "sqlite3"]
    private static let compressed: Set = ["gz", "zst", "xz", "bz2"]

    package static func kind(of path: String) -> Kind {
        let name = path.split(separator: "/").last.map { $0.lowercased() } ?? ""
        let words = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let ending = words.count > 1 ? words[words.count - 1] : ""
        if name == "tailscaled.state" {
            return .finding(
                SecretFinding(
                    "the state of tailscaled with this host's private keys, by its name",
                    fix: "keep it outside of the repository; \(removal)"))
        }
        let isPackedSQL = words.contains("sql") && compressed.contains(ending)
        let isNamedDump = ending == "sql" && (name.contains("dump") || name.contains("backup"))
        if isPackedSQL || isNamedDump || words.dropFirst().contains(where: dumpWords.contains) {
            return .finding(
                SecretFinding(
                    "a database dump, by its name: it holds everything that the database knows, passwords included",
                    fix: "keep it outside of the repository, and add its name to .gitignore"))
        }
        // `.env`, `.env.prod`, `prod.env`; the first part of `.env` is empty.
        if ending == "env" || (words.count > 2 && words[0].isEmpty && words[1] == "env") {
            if words.contains(where: exampleWords.contains) { return .example }
            return .finding(
                SecretFinding(
                    "a file of environment variables, which is where secrets belong, and not into a repository",
                    fix: "\(removal); commit a .env.example without values"))
        }
        return ["yaml", "yml"].contains(ending) ? .yaml : ending == "json" ? .json : .other
    }

    /// What takes a whole file out.
    private static let removal = "add its name to .gitignore, and run git rm --cached on it if git has it already"

    /// - Parameter path: decides, by its last part, how the content is read.
    package static func findings(path: String, bytes: [UInt8]) -> [SecretFinding] {
        let kind = kind(of: path)
        if case .finding(let finding) = kind { return [finding] }
        guard kind != .other else { return [] }
        let text = String(decoding: bytes, as: UTF8.self)
        let isStalwart = kind == .json && text.contains("\"@type\"")
        var findings: [SecretFinding] = []
        var open: String?
        for (index, line) in text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let pairs = SecretPairs(line, kind: kind, open: &open).found
            let allowed = String(line).firstRange(of: allowance).map { String(line)[$0.upperBound...] }
            if let allowed, allowed.contains(where: \.isLetter) { continue }
            for pair in pairs {
                let fix = fix(for: pair.key, kind: kind, isStalwart: isStalwart)
                findings.append(
                    SecretFinding(
                        line: index + 1, column: pair.column, "the value of \(pair.key) is written out",
                        fix: allowed == nil ? fix : "\(allowance) needs a reason behind it; or \(fix)"))
            }
            if findings.count >= findingLimit { break }
        }
        return findings
    }

    private static func fix(for key: String, kind: Kind, isStalwart: Bool) -> String {
        if isStalwart {
            return "refer to it: {\"@type\": \"EnvironmentVariable\", \"variableName\": \"…\"} or "
                + "{\"@type\": \"File\", \"filePath\": \"…\"}"
        }
        switch kind {
        case .example: return "leave the value empty, or write changeme; who copies the file fills it in"
        case .json: return "read it from the environment or from a file that is not committed"
        default:
            let variable = key.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
            return "write ${\(String(variable))} and set that in .env, which is not committed"
        }
    }
}

/// A secret, or a file of secrets, that must not be committed: where, what, and how to mend it. Never the secret itself.
package struct SecretFinding: Sendable, Equatable {
    /// From 1.
    package let line: Int
    /// From 1, in Unicode scalars.
    package let column: Int
    package let what: String
    package let fix: String

    init(line: Int = 1, column: Int = 1, _ what: String, fix: String) {
        self.line = line
        self.column = column
        self.what = what
        self.fix = fix
    }
}
