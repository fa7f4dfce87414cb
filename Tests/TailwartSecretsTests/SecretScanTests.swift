import Foundation
import TailwartSecrets
import TailwartTesting
import Testing

@Suite struct SecretScanTests {
    private static func findings(_ path: String, _ text: String) -> [SecretFinding] {
        guard case .text(let findings) = SecretScan.scan(path: path, bytes: Array(text.utf8)) else { return [] }
        return findings
    }

    /// `line:column` of each.
    private static func places(_ path: String, _ text: String) -> [String] {
        findings(path, text).map { "\($0.line):\($0.column)" }
    }

    // MARK: Keys and values

    @Test(arguments: [
        ("password: SECRET", "1:11"), ("  db_password: 'SECRET'", "1:17"),
        ("apiToken: \"SECRET\" # the DNS provider", "1:12"),
        ("- DB_PASSWORD=SECRET", "1:15"), ("- \"DB_PASSWORD=SECRET\"", "1:16"), ("      TS_AUTHKEY: SECRET", "1:19"),
        ("environment: {SMTP_PASS: SECRET, OTHER: x}", "1:26"), ("SESSION_KEY: SECRET", "1:14"),
        ("a: {b: {secret: SECRET}}", "1:17"),
        ("password: |\n  SECRET", "2:3"), ("password: >-\n\n  SECRET", "3:3"), ("ä_x: ü\npassword:   SECRET", "2:13"),
        ("STALWART_RECOVERY_ADMIN: admin:SECRET", "1:26"), ("password: ${DB_PASSWORD:-SECRET}", "1:11"),
        ("private_key: SECRET\r\n", "1:14"), ("PGPASSWORD: SECRET", "1:13"), ("password: SECRET # tailwart", "1:11"),
        ("- TS_AUTHKEY = SECRET", "1:16"), ("password: \"SECRET", "1:12"), ("password: 4711", "1:11"),
    ])
    func `a secret that is written out in YAML is found in its place`(text: String, place: String) {
        for path in ["tailwart.yaml", "deploy/compose.yml"] {
            #expect(Self.places(path, text.replacing("SECRET", with: Fake.password)) == [place], "\(text)")
        }
    }

    @Test(arguments: [
        "password: ${DB_PASSWORD}", "password: ${DB_PASSWORD:?set it in .env}", "password: $DB_PASSWORD", "password:",
        "password: ''", "password: \"\"", "password: ~", "password: null", "password: changeme",
        "password: <your password>",
        "password: your-password-here", "password: xxxxxxxx", "password: '********'", "password: {{ vault_password }}",
        "password: !vault |", "password: *db_password", "password: op://vault/mail/password",
        "password: /run/secrets/db_password",
        "password_file: /etc/mail/password", "secretName: mail-tls", "secrets: [db_password]", "password: # none yet",
        "secret:\n  file: ./secret.txt", "- DB_PASSWORD", "- DB_PASSWORD=", "- DB_PASSWORD=${DB_PASSWORD}",
        "- \"DB_PASSWORD=${DB_PASSWORD:?}\"", "{password: ${A}, secret: ${B:-}}", "password: ${A:-changeme}",
        "key: cache-v2-linux", "public_key: abcdefghijklmnop", "PUBLIC_KEY: abcdefghijklmnop",
        "cache_key: abcdefghijklmnop",
        "max_tokens: 4096", "token: 1234567890", "variableName: DB_PASSWORD",
        "tokens: [a, b]", "secretary: Ann Other", "password == other", "password => other", "passwords: 3",
        "keyboard: qwerty",
        "url: https://example.net/?a=b", "passthrough: everything", "bypass: never",
        "STALWART_RECOVERY_ADMIN: ${RECOVERY}", "STALWART_RECOVERY_ADMIN: 'admin:'",
    ])
    func `what only says where a secret is, or is none, is good`(text: String) {
        #expect(Self.findings("tailwart.yaml", text).isEmpty, "\(Self.findings("tailwart.yaml", text))")
    }

    @Test(arguments: [
        (#"{"@type": "PostgreSql", "authSecret": {"@type": "Value", "secret": "SECRET"}}"#, 1),
        (#"{"@type":"PostgreSql","authSecret":{"@type":"Value","secret":"SECRET"},"poolMaxConnections":10}"#, 1),
        (
            "{\n  \"@type\": \"PostgreSql\",\n  \"authSecret\": {\n    \"@type\": \"Value\",\n    \"secret\":\n      \"SECRET\"\n  }\n}",
            6
        ),
        (#"{"@type": "PostgreSql", "authSecret": "SECRET"}"#, 1),
        (#"{"@type": "Value", "secret": "a \" SECRET"}"#, 1),
    ])
    func `Stalwart's data store with the secret in it`(text: String, line: Int) {
        let findings = Self.findings("mailbox/config.json", text.replacing("SECRET", with: Fake.password))
        #expect(findings.map(\.line) == [line], "\(findings)")
        #expect(findings.allSatisfy { $0.fix.contains("EnvironmentVariable") && $0.fix.contains("variableName") })
    }

    @Test(arguments: [
        #"{"@type": "PostgreSql", "authSecret": {"@type": "EnvironmentVariable", "variableName": "DB_PASSWORD"}}"#,
        #"{"@type": "PostgreSql", "authSecret": {"@type": "File", "filePath": "/run/secrets/db-password"}}"#,
        #"{"@type": "PostgreSql", "authSecret": {"@type": "None"}, "authUsername": "stalwart"}"#,
        #"{"@type": "RocksDb", "path": "/var/lib/stalwart"}"#,
    ])
    func `Stalwart's data store with a reference is good`(text: String) {
        #expect(Self.findings("mailbox/config.json", text).isEmpty)
    }

    @Test(arguments: [
        ("mail.toml", "secret = \"SECRET\""), ("wg0.conf", "PrivateKey = SECRET"),
        ("a.service", "Environment=API_TOKEN=SECRET"),
        ("Dockerfile", "ENV API_TOKEN=SECRET"), ("deploy/Dockerfile.prebuilt", "ARG DB_PASSWORD=SECRET"),
        ("x.ini", "smtp_pass=SECRET"), (".envrc", "export API_KEY=SECRET"),
        ("policy.hujson", "\"apiKey\": \"SECRET\", // x"),
    ])
    func `other files of settings`(path: String, text: String) {
        #expect(Self.findings(path, text.replacing("SECRET", with: Fake.password)).count == 1, "\(path)")
    }

    @Test(arguments: [
        ("FALLBACK: ${DBPASS:-SECRET}", "1:11"), ("url: http://x/${A_TOKEN-SECRET}/y", "1:15"),
        ("  - ANY=${DB_PASSWORD:-SECRET} # ${DB_PASSWORD:-changeme}", "1:9"), ("# x: ${DBPASS:-SECRET}", "1:6"),
        ("PGPASS: SECRET", "1:9"), ("dbpwd: SECRET", "1:8"),
        ("command: --password SECRET", "1:21"), ("command: redis-server --requirepass 'SECRET' --port 1", "1:38"),
        (#"command: ["x", "--token","SECRET"]"#, "1:27"), ("command: [x, --token, SECRET, y]", "1:23"),
        ("command:\n  - --token\n  - SECRET\n  - plain", "3:5"), ("x: [\n  \"--token\",\n  \"SECRET\"\n]", "3:4"),
        ("command: x --password=SECRET", "1:23"),
        ("# POSTGRES_PASSWORD: SECRET", "1:22"), ("#password: SECRET", "1:12"), ("  # - DB_PASSWORD=SECRET", "1:19"),
        ("# export DB_PASSWORD=\"SECRET\"", "1:23"), ("; password = SECRET", "1:14"),
        ("# password: hunter2-in-a-comment", "1:13"),
    ])
    func `a secret that hides in a fallback, a command or a comment`(text: String, place: String) {
        #expect(Self.places("compose.yaml", text.replacing("SECRET", with: Fake.password)) == [place], "\(text)")
    }

    @Test(arguments: [
        "FALLBACK: ${DBPASS:-changeme}", "FALLBACK: ${DBPASS:-}", "FALLBACK: ${DBPASS:?}",
        "x: ${DB_HOST:-db.example.net}",
        "x: ${BYPASS:-v4sfkJ2}", "compass: v4sfkJ2", "x: ${DBPASS:-${OTHER}}",
        "command: --password ${DBPASS}", "command: --token $TOKEN", "command: --password-file /run/secrets/x",
        "command: --password --verbose", "RUN build --secret id=npm2", "command: [--token, --other]",
        "command: [--token, \"${TOKEN}\"]", "command:\n  - --token\n  - ${TOKEN}",
        "command:\n  - --token\nnext: a1B2c3",
        "about: set it with --password before you start", "usage: x --token TOKEN.", "# --password Zq8vN3 sets it",
        "# password: required", "# password: a sentence with 4 more words", "# token: TOKEN", "# see password: v4sfkJ2",
        "# secret: <yours>", "#",
    ])
    func `fallbacks, commands and comments without a secret are good`(text: String) {
        #expect(Self.findings("compose.yaml", text).isEmpty, "\(Self.findings("compose.yaml", text))")
    }

    @Test func `an option's variable is called without its dashes`() {
        for text in ["command: x --db-password=SECRET", "command: x --db-password SECRET"] {
            let findings = Self.findings("a.yaml", text.replacing("SECRET", with: Fake.password))
            #expect(findings.count == 1 && findings[0].fix.contains("${DB_PASSWORD}"), "\(findings)")
        }
    }

    @Test func `programs and prose are not searched for keys`() {
        for path in ["Sources/Login.swift", "README.md", "run.sh", "notes.txt"] {
            #expect(Self.findings(path, "password: \(Fake.password)\npassword = \(Fake.password)").isEmpty, "\(path)")
        }
    }

    // MARK: Environment files

    @Test(arguments: [".env", "deploy/.env", ".env.production", "prod.env", ".ENV", ".env.local"])
    func `an environment file is not to be committed`(path: String) {
        #expect(Self.places(path, "TS_TAILNET=tail1234.ts.net\n") == ["1:1"])
    }

    @Test func `an example of an environment file has keys and no values`() {
        for path in [".env.example", "deploy/.env.sample", ".env.prod.example", "example.env", ".env.template"] {
            let good = """
                # From the admin page.
                TS_AUTHKEY=
                TS_TAILNET=tail1234.ts.net
                DB_PASSWORD=changeme
                # DB_PASSWORD_FILE=/run/secrets/db
                RECOVERY_SECRET=<set me>
                """
            #expect(Self.findings(path, good).isEmpty, "\(path): \(Self.findings(path, good))")
            #expect(Self.places(path, "A=1\nDB_PASSWORD=\(Fake.password)\n") == ["2:13"], "\(path)")
            // Commented out is committed all the same.
            #expect(Self.places(path, "#DB_PASSWORD=\(Fake.password)\n") == ["1:14"], "\(path)")
        }
    }

    @Test(arguments: [".pgpass", "home/.netrc", ".git-credentials", "var/lib/tailscale/tailscaled.state"])
    func `files that hold nothing but secrets are known by their names`(path: String) {
        let findings = Self.findings(path, "x\n")
        #expect(findings.count == 1 && findings[0].what.contains("by its name"))
        #expect(findings.allSatisfy { $0.fix.contains(".gitignore") && $0.fix.contains("if git has it already") })
        #expect(Self.findings(path, "").isEmpty && Self.findings("\(path).md", "x\n").isEmpty)
    }

    // MARK: What gives itself away

    @Test func `the state of tailscaled is known under any name`() throws {
        let key = String((0..<64).map { "0123456789abcdef".map { $0 }[$0 * 7 % 16] })
        let plain = "priv" + "key:" + key
        let encoded = Data(plain.utf8).base64EncodedString()
        let state = #"{"_machinekey": "\#(encoded)", "x": "nodekey:\#(key)"}"#
        #expect(Self.places("state.json", state) == ["1:18"])
        #expect(Self.places("backup", state) == ["1:18"])
        #expect(Self.places("notes.md", "it has \(plain) and nl\("priv:" + key)") == ["1:8", "1:85"])
        #expect(Self.findings("notes.md", "it begins with `priv" + "key:` or cHJpdmtle" + "To").isEmpty)
    }

    @Test(arguments: [
        "tskey-" + "auth-", "tskey-" + "client-", "tskey-" + "api-", "hskey-" + "auth-",
    ])
    func `keys of the tailnet are found in any file`(prefix: String) {
        for path in ["README.md", "a.swift", "run.sh", "compose.yaml", "x"] {
            let findings = Self.findings(path, "an example: `\(prefix)\(Fake.body)`.")
            #expect(findings.map { "\($0.line):\($0.column)" } == ["1:14"], "\(path)")
            #expect(findings.allSatisfy { $0.what.contains(prefix) && !$0.what.contains(Fake.body.prefix(6)) })
        }
    }

    @Test(arguments: [
        ("cfut" + "_", 48), ("cfat" + "_", 48), ("cfk" + "_", 48), ("ghp" + "_", 36), ("github" + "_pat_", 60),
        ("AK" + "IA", 16),
        ("glp" + "at-", 20), ("dop" + "_v1_", 64), ("AGE-SECRET" + "-KEY-1", 58),
    ])
    func `tokens of DNS providers, stores and code hosts`(prefix: String, length: Int) {
        var random = SeededRandom(seed: 7)
        let alphabet = Array("ABCDEFGHJKLMNPQRSTUVWXYZ23456789")
        let body = String((0..<length).compactMap { _ in alphabet.randomElement(using: &random) })
        #expect(Self.places("notes.md", "see \(prefix)\(body) there") == ["1:5"])
        // Part of another word, too short, or plainly an example.
        #expect(Self.findings("notes.md", "see x\(prefix)\(body)").isEmpty)
        #expect(Self.findings("notes.md", "see \(prefix)\(body.prefix(8))").isEmpty)
        #expect(Self.findings("notes.md", "see \(prefix)\(String(repeating: "x", count: length))").isEmpty)
    }

    @Test func `an example's password in prose or a program is none, in a file of settings it is`() {
        let url = Fake.url("postgres", "user:pass" + "word")
        #expect(Self.findings("README.md", url).isEmpty && Self.findings("a.swift", url).isEmpty)
        #expect(Self.findings("a.yaml", "url: " + url).count == 1)
    }

    @Test func `a token that is a key's value is one finding`() {
        #expect(Self.places("compose.yaml", "  TS_AUTHKEY: \(Fake.authKey)\n") == ["1:15"])
    }

    @Test(arguments: [
        "RSA PRIVATE KEY", "PRIVATE KEY", "OPENSSH PRIVATE KEY", "EC PRIVATE KEY", "PGP PRIVATE KEY BLOCK",
        "ENCRYPTED PRIVATE KEY",
    ])
    func `private keys are found in any file`(label: String) {
        for path in ["id_ed25519", "server.pem", "README.md", "a.yaml"] {
            #expect(Self.places(path, "x\n  " + Fake.pem(label)) == ["2:3"], "\(path)")
        }
        let inOneLine = "\"" + Fake.pem(label).replacing("\n", with: "\\n") + "\""
        #expect(Self.places("a.json", inOneLine) == ["1:2"])
        let withHeader = Fake.pem(label, body: "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES\n\n" + Fake.key)
        #expect(Self.places("key.pem", withHeader) == ["1:1"])
    }

    @Test func `certificates, public keys and mentions of a key are good`() {
        for label in ["CERTIFICATE", "PUBLIC KEY", "RSA PUBLIC KEY"] {
            #expect(Self.findings("cert.pem", Fake.pem(label)).isEmpty)
        }
        let mention = "-----BEGIN " + "PRIVATE KEY-----"
        #expect(Self.findings("a.md", "A file that begins with \(mention) is a key.").isEmpty)
        #expect(Self.findings("a.swift", "if text.hasPrefix(\"\(mention)\") { return }").isEmpty)
        #expect(Self.findings("a.md", mention + "\n…\n-----END " + "PRIVATE KEY-----\n\(Fake.key)").isEmpty)
    }

    @Test(arguments: [
        ("postgres", "stalwart:SECRET", 26), ("redis", ":SECRET", 15), ("https", "ann:SECRET", 18),
        ("s3+http", "k:SECRET", 18),
    ])
    func `a password in a URL is found in any file`(scheme: String, userInfo: String, column: Int) {
        let text = "url: " + Fake.url(scheme, userInfo.replacing("SECRET", with: Fake.password))
        for path in ["a.yaml", "README.md", "a.swift"] {
            #expect(Self.places(path, text) == ["1:\(column)"], "\(text)")
        }
        #expect(Self.findings("a.yaml", text)[0].fix.contains("\(scheme)://user:${PASSWORD}@"))
    }

    @Test(arguments: [
        ("postgres", "stalwart:${DB_PASSWORD}"), ("postgres", "stalwart:$DB_PASSWORD"), ("https", "ann"),
        ("https", "ann:"),
        ("redis", ":{{ password }}"), ("smtp", "user:changeme"), ("smtp", "you:<password>"),
        ("smtp", "you:your-password"),
    ])
    func `a URL with a reference, or without a password, is good`(scheme: String, userInfo: String) {
        let text = "url: " + Fake.url(scheme, userInfo)
        #expect(Self.findings("a.yaml", text).isEmpty, "\(text): \(Self.findings("a.yaml", text))")
        #expect(
            Self.findings("a.md", "https://example.net:443/a@b and http://example.net/?to=ann:x@example.org").isEmpty)
    }

    // MARK: Dumps

    @Test(
        arguments: [
            ("x.bin", Array("PGDMP".utf8) + [1, 14, 0]), ("backup.tar", Array("toc.dat".utf8) + [0, 0]),
            ("mail.db", Array("SQLite format 3".utf8) + [0]), ("dump.rdb", Array("REDIS0011".utf8)),
            ("mail.sql", Array("--\n-- PostgreSQL database dump\n--\n".utf8)),
            ("all.txt", Array("--\n-- PostgreSQL database cluster dump\n".utf8)),
            ("x", Array("-- MySQL dump 10.13\n".utf8)), ("x", Array("-- MariaDB dump 10.19\n".utf8)),
            ("mail.sql.gz", [0x1F, 0x8B, 8, 0]), ("mail.2026.dump.zst", [0x28, 0xB5, 0x2F, 0xFD, 0]),
            ("mail.sql.xz", [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0]), ("mail.sql.bz2", Array("BZh9".utf8)),
            ("x.dump", [1, 2, 3]),
        ] as [(String, [UInt8])])
    func `dumps are known by their content`(path: String, bytes: [UInt8]) {
        guard case .text(let findings) = SecretScan.scan(path: "backup/\(path)", bytes: bytes) else {
            Issue.record("\(path) is taken for binary")
            return
        }
        #expect(findings.count == 1 && findings[0].what.contains("dump") || findings[0].what.contains("database"))
    }

    @Test(
        arguments: [
            ("logo.png", [0x89, 0x50, 0, 1]), ("docs.tar.gz", [0x1F, 0x8B, 8, 0]),
            ("schema.sql", Array("CREATE TABLE a ();\n".utf8)),
            ("a.md", Array("It begins with `-- PostgreSQL database dump`.\n".utf8)), ("x.dump", []),
        ] as [(String, [UInt8])])
    func `other files are no dumps`(path: String, bytes: [UInt8]) {
        let outcome = SecretScan.scan(path: path, bytes: bytes)
        #expect(outcome == .text([]) || outcome == .binary)
    }

    @Test func `binary files are left out`() {
        #expect(SecretScan.scan(path: "a.yaml", bytes: Array("password: \(Fake.password)".utf8) + [0]) == .binary)
    }

    // MARK: Allowance, limits, robustness

    @Test func `a line that says why is allowed, one that does not is not`() {
        let line = "password: \(Fake.password)"
        #expect(Self.findings("a.yaml", line + " # tailwart:allow-secret it opens a test server only").isEmpty)
        let without = Self.findings("a.yaml", line + " # tailwart:allow-secret")
        #expect(without.count == 1 && without[0].fix.contains("reason"))
        #expect(Self.findings("a.yaml", "# tailwart:allow-secret\nnothing: here").isEmpty)
        #expect(Self.places("a.yaml", "# tailwart:allow-secret for the next line\n\(line)") == ["2:11"])
    }

    @Test func `a secret is never part of what is said`() {
        let texts = [
            ("a.yaml", "password: \(Fake.password)"), ("a.yaml", "TS_AUTHKEY: \(Fake.authKey)"),
            ("a.json", #"{"@type": "Value", "secret": "\#(Fake.password)"}"#), ("a.pem", Fake.pem("PRIVATE KEY")),
            ("a.md", Fake.url("postgres", "mail:" + Fake.password)), (".env.example", "A_KEY=\(Fake.password)"),
            (".env", "A_KEY=\(Fake.password)"), ("x.sql", "-- MySQL dump 1\n\(Fake.password)"),
        ]
        for (path, text) in texts {
            let findings = Self.findings(path, text)
            #expect(!findings.isEmpty)
            let said = "\(findings)"
            for secret in [Fake.password, Fake.body, Fake.key] {
                #expect(!said.contains(secret.prefix(5)) && !said.contains(secret.suffix(5)), "\(said)")
            }
        }
    }

    @Test func `findings of one file have an end`() {
        let many = String(repeating: "password: \(Fake.password)\n", count: 10_000)
        #expect(Self.findings("a.yaml", many).count <= SecretScan.findingLimit + 1)
        let inOneLine = String(repeating: "{password: \(Fake.password), x: \(Fake.authKey)},", count: 5000)
        #expect(Self.findings("a.yaml", inOneLine).count <= 3 * SecretScan.findingLimit)
    }

    /// Quadratic work would take minutes here.
    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            "{", "a", "\"", "=", ":", "password=", "password: {", "://", "://:@", "-----BEGIN ", "'", "${", " ",
            "${A:-", "password=${A:-", "{{", "--", "--token ", "--token,", "${TOKEN:-", "${TOKEN:-}", "x=", "# ",
        ])
    func `a long line of one kind is read in time`(piece: String) {
        let text = "password: " + String(repeating: piece, count: 100_000 / piece.utf8.count)
        _ = SecretScan.scan(path: "a.yaml", bytes: Array(text.utf8))
        _ = SecretScan.scan(path: "a.json", bytes: Array(text.utf8))
        _ = SecretScan.scan(path: "a.yaml", bytes: Array("# \(text)".utf8))
    }

    @Test func `random bytes are read without a trap`() {
        var random = SeededRandom(seed: UInt64.random(in: 0...UInt64.max))
        print("SecretScan: seed \(random.seed)")
        let pieces = [
            "password", ":", " ", "=", "\"", "'", "{", "}", "\n", "\r\n", "|", "#", "${", "\\", "-----BEGIN ",
            "PRIVATE KEY", "-----",
            "://", "@", "tskey-" + "auth-", "ä", "- ", ",", "tailwart:allow-secret", "@type", "--", "token", ":-", "}",
            "# ",
        ]
        for round in 0..<3000 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 0...12, using: &random) {
                if random.oneIn(5) {
                    bytes += random.bytes(Int.random(in: 0...6, using: &random))
                } else {
                    bytes += Array((pieces.randomElement(using: &random) ?? "").utf8)
                }
            }
            for path in ["a.yaml", "a.json", ".env.example", "a.md"] {
                guard case .text(let findings) = SecretScan.scan(path: path, bytes: bytes) else { continue }
                #expect(findings.allSatisfy { $0.line >= 1 && $0.column >= 1 }, "round \(round)")
            }
        }
    }
}
