/// Looks for secrets in the content of one file. No I/O.
package enum SecretScan {
    /// A file is taken for binary if a zero byte is among its first ones, as git does.
    private static let binaryPrefix = 8000
    /// Who reads more about one file?
    package static let findingLimit = 50
    /// On a line: what is found there is meant to be there, for the reason that follows.
    package static let allowance = "tailwart:allow-secret"

    package enum Outcome: Sendable, Equatable {
        case text([SecretFinding])
        /// Nothing that is known by its first bytes, and not to be read as text.
        case binary
    }

    /// - Parameter path: decides, by its last part, how the content is read.
    package static func scan(path: String, bytes: [UInt8]) -> Outcome {
        if let dump = Dump.kind(path: path, bytes: bytes) {
            return .text([
                SecretFinding(
                    "\(dump): it holds everything that the database knows, passwords included",
                    fix: "keep it outside of the repository, and add its name to .gitignore")
            ])
        }
        if let secrets = SecretFile.kind(path: path, bytes: bytes) {
            return .text([
                SecretFinding("\(secrets), by its name", fix: "keep it outside of the repository; \(removal)")
            ])
        }
        if bytes.prefix(binaryPrefix).contains(0) { return .binary }
        let kind = FileKind(path: path)
        if kind == .environment {
            return .text([
                SecretFinding(
                    "a file of environment variables, which is where secrets belong, and not into a repository",
                    fix: "\(removal); commit a .env.example without values")
            ])
        }
        return .text(findings(in: bytes, kind: kind))
    }

    /// What takes a whole file out.
    private static let removal = "add its name to .gitignore, and run git rm --cached on it if git has it already"

    private static func findings(in bytes: [UInt8], kind: FileKind) -> [SecretFinding] {
        let isStalwart = kind == .json && bytes.contains("\"@type\"")
        var findings: [SecretFinding] = []
        var lines = SourceLines(bytes)
        var previousKey: SecretPairs.OpenKey?
        while let line = lines.next(), findings.count < findingLimit {
            var onLine =
                Tokens.findings(in: line) + PrivateKeys.findings(in: line, of: bytes) + Passwords.inURLs(line, of: kind)
            if kind.hasKeys {
                let pairs = SecretPairs(line, kind: kind, continuing: previousKey)
                previousKey = pairs.open
                // One finding is enough where a token is the value of a key, or a password is in the value's URL.
                for pair in pairs.secrets where !onLine.contains(where: { pair.columns.contains($0.column) }) {
                    onLine.append(
                        SecretFinding(
                            line: line.number, column: pair.columns.lowerBound,
                            "the value of \(pair.key) is written out",
                            fix: fix(for: pair.key, kind: kind, isStalwart: isStalwart)))
                }
            }
            switch Allowance(line) {
            case .none: findings += onLine.sorted { $0.column < $1.column }
            case .withReason: break
            case .withoutReason where onLine.isEmpty: break
            case .withoutReason:
                findings += onLine.map {
                    SecretFinding(
                        line: $0.line, column: $0.column, $0.what,
                        fix: "\(allowance) needs a reason behind it; or \($0.fix)")
                }
            }
        }
        return findings
    }

    private static func fix(for key: String, kind: FileKind, isStalwart: Bool) -> String {
        if isStalwart {
            return "refer to it: {\"@type\": \"EnvironmentVariable\", \"variableName\": \"…\"} or "
                + "{\"@type\": \"File\", \"filePath\": \"…\"}"
        }
        switch kind {
        case .example: return "leave the value empty, or write changeme; who copies the file fills it in"
        case .json: return "read it from the environment or from a file that is not committed"
        default: return "write ${\(Self.variable(key))} and set that in .env, which is not committed"
        }
    }

    /// What a variable for the value of a key would be called.
    private static func variable(_ key: String) -> String {
        String(
            // `--password`, as on a command line, without its dashes.
            decoding: key.utf8.drop { $0 == UInt8(ascii: "-") }.map {
                $0.isWord && $0 != UInt8(ascii: "-") ? $0.uppercased : UInt8(ascii: "_")
            },
            as: UTF8.self)
    }

    private enum Allowance {
        case none
        case withReason
        case withoutReason

        init(_ line: SourceLine) {
            guard let start = line.bytes.firstIndex(of: allowance.utf8) else {
                self = .none
                return
            }
            let reason = line.bytes[(start + allowance.utf8.count)...]
            self = reason.contains { $0.isLetter } ? .withReason : .withoutReason
        }
    }
}
