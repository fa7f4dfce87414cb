import Foundation
import Glibc
import TailwartSetup
import TailwartTesting
import Testing

@Suite(.ownThreads) struct SecretScanTests {
    private static func findings(_ path: String, _ text: String) -> [SecretFinding] {
        SecretScan.findings(path: path, bytes: Array(text.utf8))
    }

    /// `line:column` of each.
    private static func positions(_ path: String, _ text: String) -> [String] {
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
    func `a secret that is written out in YAML is found in its position`(text: String, position: String) {
        for path in ["tailwart.yaml", "deploy/compose.yml"] {
            #expect(Self.positions(path, text.replacing("SECRET", with: Fake.password)) == [position], "\(text)")
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

    @Test func `programs and prose are not searched for keys`() {
        for path in ["Sources/Login.swift", "README.md", "run.sh", "notes.txt", "mail.toml"] {
            #expect(Self.findings(path, "password: \(Fake.password)\npassword = \(Fake.password)").isEmpty, "\(path)")
        }
    }

    // MARK: Environment files

    @Test(arguments: [".env", "deploy/.env", ".env.production", "prod.env", ".ENV", ".env.local"])
    func `an environment file is not to be committed`(path: String) {
        #expect(Self.positions(path, "TS_TAILNET=tail1234.ts.net\n") == ["1:1"])
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
            #expect(Self.positions(path, "A=1\nDB_PASSWORD=\(Fake.password)\n") == ["2:13"], "\(path)")
            // Commented out is committed all the same.
            #expect(Self.positions(path, "#DB_PASSWORD=\(Fake.password)\n") == ["1:14"], "\(path)")
        }
    }

    @Test func `the state of tailscaled is known by its name`() {
        let path = "var/lib/tailscale/tailscaled.state"
        let findings = Self.findings(path, "x\n")
        #expect(findings.count == 1 && findings[0].what.contains("by its name"))
        #expect(findings.allSatisfy { $0.fix.contains(".gitignore") && $0.fix.contains("if git has it already") })
        #expect(Self.findings("\(path).md", "x\n").isEmpty)
    }

    // MARK: Dumps

    @Test(arguments: [
        "mail.sql.gz", "mail.2026.dump.zst", "mail.sql.xz", "mail.sql.bz2", "x.dump", "x.pgdump", "dump.rdb",
        "dump.sql",
        "mail-backup.sql", "MAIL.DUMP", "mail.sqlite",
    ])
    func `dumps are known by their names`(name: String) {
        let findings = Self.findings("backup/\(name)", "x")
        #expect(findings.count == 1 && findings[0].what.contains("dump"))
    }

    @Test(arguments: ["logo.png", "docs.tar.gz", "schema.sql", "dump.md", "dump", "dumps.yaml", ".netrc"])
    func `other files are no dumps`(name: String) {
        #expect(Self.findings(name, "x").isEmpty)
    }

    // MARK: Allowance, limits, robustness

    @Test func `a line that says why is allowed, one that does not is not`() {
        let line = "password: \(Fake.password)"
        #expect(Self.findings("a.yaml", line + " # tailwart:allow-secret it opens a test server only").isEmpty)
        let without = Self.findings("a.yaml", line + " # tailwart:allow-secret")
        #expect(without.count == 1 && without[0].fix.contains("reason"))
        #expect(Self.findings("a.yaml", "# tailwart:allow-secret\nnothing: here").isEmpty)
        #expect(Self.positions("a.yaml", "# tailwart:allow-secret for the next line\n\(line)") == ["2:11"])
    }

    @Test func `a secret is never part of what is said`() {
        let texts = [
            ("a.yaml", "password: \(Fake.password)"), ("a.yaml", "TS_AUTHKEY: \(Fake.authKey)"),
            ("a.json", #"{"@type": "Value", "secret": "\#(Fake.password)"}"#),
            (".env.example", "A_KEY=\(Fake.password)"),
            (".env", "A_KEY=\(Fake.password)"), ("x.dump", "-- MySQL dump 1\n\(Fake.password)"),
        ]
        for (path, text) in texts {
            let findings = Self.findings(path, text)
            #expect(!findings.isEmpty)
            let said = "\(findings)"
            for secret in [Fake.password, Fake.body] {
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

    /// Quadratic work would take minutes here. Processor time of this thread: waiting for other tests is none.
    @Test(
        arguments: [
            "{", "a", "\"", "=", ":", "password=", "password: {", "://", "://:@", "-----BEGIN ", "'", "${", " ",
            "${A:-", "password=${A:-", "{{", "--", "--token ", "--token,", "${TOKEN:-", "${TOKEN:-}", "x=", "# ",
        ])
    func `a long line of one kind is read in time`(piece: String) {
        let text = "password: " + String(repeating: piece, count: 100_000 / piece.utf8.count)
        let before = Self.processorSeconds
        defer { #expect(Self.processorSeconds - before < 60) }
        _ = SecretScan.findings(path: "a.yaml", bytes: Array(text.utf8))
        _ = SecretScan.findings(path: "a.json", bytes: Array(text.utf8))
        _ = SecretScan.findings(path: ".env.example", bytes: Array("# \(text)".utf8))
    }

    private static var processorSeconds: Int {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return time.tv_sec
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
                let findings = SecretScan.findings(path: path, bytes: bytes)
                #expect(findings.allSatisfy { $0.line >= 1 && $0.column >= 1 }, "round \(round)")
            }
        }
    }
}
