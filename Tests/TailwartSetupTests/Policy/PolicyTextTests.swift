import TailwartConfig
import TailwartCore
import TailwartSetup
import Testing

@Suite struct PolicyTextTests {
    private static let configurations = [
        "mailbox: {address: stalwart.tail1234.ts.net, domains: [example.org]}\nweb: 127.0.0.1:8443",
        "mailbox: {address: 100.64.0.7}",
        "mailbox: {address: mail.example.net, ports: {25: 10025, 8080: 8080, 22: 22, 5432: 5432}}",
        "mailbox: {endpoints: [100.64.0.7, mail.example.net], ports: [25, 465, 587, 993, 143, 110, 995, 4190]}",
        """
        mailbox: {address: mail.example.net, domains: [example.org]}
        web: {address: "web.example.net:8443"}
        """,
    ]

    /// What is printed is checked as somebody else's file would be: it must be good, and no wider than needed.
    @Test(arguments: configurations, PolicyText.Format.allCases)
    func `what is printed grants just what is needed, and holds its own tests`(text: String, format: PolicyText.Format)
        throws
    {
        let configuration = PolicySamples.load(text)
        for tags in [PolicySamples.tags, PolicyTags(edge: "tag:e", mailbox: "tag:m", others: ["web": "tag:w"])] {
            let printed = PolicyText(configuration, tags: tags, format: format).text
            let check = try PolicySamples.check(printed, against: configuration, tags: tags)
            #expect(!check.ports.isEmpty)
            #expect(check.isGood && check.findings.isEmpty, "\(printed)\n\(check.report)")
        }
    }

    @Test func `the usual edge`() {
        let text = PolicyText(PolicySamples.configuration, tags: PolicySamples.tags, format: .grants).text
        #expect(
            text == """
                // What the edge needs of the tailnet's policy. Paste the entries into the sections of the same name.
                // Not over the tailnet, so not in here: web at 127.0.0.1 on 8443 (this host).
                {
                    // Who may give a device these tags. With Headscale, users: "alice@".
                    "tagOwners": {
                        "tag:reverse-proxy": ["autogroup:admin"],
                        "tag:stalwart": ["autogroup:admin"],
                    },

                    // The ports that the edge dials, and nothing else.
                    "grants": [
                        {
                            "src": ["tag:reverse-proxy"],
                            "dst": ["tag:stalwart"],
                            "ip": [
                                "tcp:25", // smtp
                                "tcp:443", // https
                                "tcp:465", // submissions
                                "tcp:587", // submission
                                "tcp:993", // imaps
                            ],
                        },
                    ],

                    // Saving the policy fails when one of these does not hold: a later change cannot cut the mail off, or
                    // open the mailbox's SSH, database or administration to the edge.
                    "tests": [
                        {
                            "src": "tag:reverse-proxy",
                            "proto": "tcp",
                            "accept": ["tag:stalwart:25", "tag:stalwart:443", "tag:stalwart:465", "tag:stalwart:587", "tag:stalwart:993"],
                            "deny": ["tag:stalwart:22", "tag:stalwart:5432", "tag:stalwart:8080"],
                        },
                    ],
                }

                """)
    }

    @Test func `as ACLs each destination has its port`() {
        let text = PolicyText(PolicySamples.configuration, tags: PolicySamples.tags, format: .acls).text
        #expect(text.contains(#""action": "accept""#) && text.contains(#""proto": "tcp""#))
        #expect(text.contains("\"tag:stalwart:993\", // imaps\n"))
        #expect(!text.contains("\"ip\""))
    }

    @Test func `for Headscale a user owns the tags`() {
        let text = PolicyText(
            PolicySamples.configuration, tags: PolicySamples.tags, format: .grants, network: .headscale(owner: "alice@")
        ).text
        #expect(text.contains(#""tag:stalwart": ["alice@"],"#) && !text.contains("autogroup:admin"))
        #expect(text.contains("\"tests\""))
    }

    @Test func `a port that the edge needs is not denied by its own tests`() {
        let configuration = PolicySamples.load("mailbox: {address: mail.example.net, ports: {25: 25, 8080: 8080}}")
        let text = PolicyText(configuration, tags: PolicySamples.tags, format: .grants).text
        #expect(text.contains(#""deny": ["tag:stalwart:22", "tag:stalwart:5432"],"#), "\(text)")
    }

    @Test func `without anything on the tailnet there are only comments`() {
        let configuration = PolicySamples.load("mailbox: {address: 192.168.1.20, ports: [25]}")
        let printed = PolicyText(configuration, tags: PolicySamples.tags, format: .grants)
        let text = printed.text
        #expect(
            printed.emptiness
                == "Nothing is dialled over the tailnet, so its policy needs no grant for this edge: mailbox at 192.168.1.20 on 25 "
                + "(not an address of a tailnet).")
        #expect(PolicyText(PolicySamples.configuration, tags: PolicySamples.tags, format: .grants).emptiness == nil)
        #expect(text.split(separator: "\n").allSatisfy { $0.hasPrefix("//") })
        #expect(text.contains("mailbox at 192.168.1.20 on 25 (not an address of a tailnet)"))
    }
}
