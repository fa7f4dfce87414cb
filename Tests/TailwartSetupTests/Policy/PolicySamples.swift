import TailwartConfig
import TailwartCore
import TailwartSetup

/// What several tests check against each other.
enum PolicySamples {
    static let tags = PolicyTags(edge: "tag:reverse-proxy", mailbox: "tag:stalwart")

    /// 25, 443, 465, 587 and 993 over the tailnet; the web server is on this host.
    static let configuration = load(
        """
        mailbox: {address: stalwart.tail1234.ts.net, domains: [example.org]}
        web: 127.0.0.1:8443
        """)

    static func load(_ text: String) -> Configuration {
        let result = Configuration.load(text: text, file: "test.yaml", environment: [:])
        return result.configuration ?? Configuration()
    }

    /// As people write them: comments, trailing commas, several sections.
    static let policy = """
        // The club's tailnet.
        {
            "tagOwners": {
                "tag:reverse-proxy": ["autogroup:admin"],
                "tag:stalwart": ["autogroup:admin"], // the mail server
            },
            /* mail */
            "grants": [
                {
                    "src": ["tag:reverse-proxy"],
                    "dst": ["tag:stalwart"],
                    "ip": ["tcp:25", "tcp:443", "tcp:465", "tcp:587", "tcp:993"],
                },
                {"src": ["autogroup:member"], "dst": ["tag:stalwart"], "ip": ["*"]},
            ],
            "ssh": [{"action": "check", "src": ["autogroup:member"], "dst": ["autogroup:self"], "users": ["root"]}],
            "tests": [
                {
                    "src": "tag:reverse-proxy",
                    "proto": "tcp",
                    "accept": ["tag:stalwart:25,443,465,587,993"],
                    "deny": ["tag:stalwart:22", "tag:stalwart:5432", "tag:stalwart:8080"],
                },
            ],
        }

        """

    /// A policy with the tags owned and tests that hold, and these rules.
    static func policy(_ rules: String, more: String = "") -> String {
        """
        {
        "tagOwners": {"tag:reverse-proxy": ["autogroup:admin"], "tag:stalwart": ["autogroup:admin"]},
        \(rules),
        "tests": [{"src": "tag:reverse-proxy", "accept": ["tag:stalwart:25,443,465,587,993"],
            "deny": ["tag:stalwart:22,5432,8080"]}],
        \(more)
        }
        """
    }

    static func check(
        _ text: String, against configuration: Configuration = configuration, tags: PolicyTags = tags
    ) throws -> PolicyCheck {
        PolicyCheck(try Policy(Array(text.utf8)), against: configuration, tags: tags)
    }
}

extension PolicyCheck {
    /// Ports by state: `granted`, `missing`, `unknown`.
    func ports(_ state: String) -> [UInt16] { ports.filter { $0.state == state }.map(\.need.port) }

    func findings(_ severity: PolicyFinding.Severity) -> [String] {
        findings.filter { $0.severity == severity }.map { "\($0.position) \($0.message)" }
    }

    /// All findings, for a failed test.
    var report: String { findings.map { "\($0.position) \($0.severity) \($0.message)" }.joined(separator: "\n") }
}
