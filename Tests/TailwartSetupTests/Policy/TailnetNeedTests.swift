import TailwartConfig
import TailwartCore
import TailwartSetup
import Testing

@Suite struct TailnetNeedTests {
    private static func needs(_ text: String) -> TailnetNeeds {
        TailnetNeeds(PolicySamples.load(text), tags: PolicySamples.tags)
    }

    @Test func `ports are those that are dialled, not those that are listened on`() {
        let needs = Self.needs("mailbox: {address: mail.example.net, ports: {25: 10025, 2525: 25, 993: 993}}")
        #expect(needs.needs.map(\.port) == [25, 993, 10025])
        #expect(needs.needs.map(\.listeners) == [["smtp-2525"], ["imaps"], ["smtp"]])
        #expect(needs.elsewhere.isEmpty)
    }

    /// As `Session.port(of:)` of the engine: the route's port, the endpoint's, the one that the client came to.
    @Test func `the port is the route's, else the endpoint's, else the listener's`() {
        let needs = Self.needs(
            """
            upstreams:
              a: {endpoints: [a.example.net, "b.example.net:2000"]}
            listeners:
              - {name: one, bind: [":25", ":26"], to: a}
              - {name: two, bind: [":27"], to: "a:3000"}
            """)
        #expect(
            needs.needs.map { "\($0.host):\($0.port)" } == [
                "a.example.net:25", "a.example.net:26", "b.example.net:2000", "a.example.net:3000",
                "b.example.net:3000",
            ])
    }

    @Test func `a port that is only probed is needed too`() {
        let needs = Self.needs("mailbox: {address: mail.example.net, ports: [25], health: {port: 10025}}")
        #expect(needs.needs.map(\.port) == [25, 10025])
    }

    @Test func `two listeners that lead to one port are one need`() {
        let needs = Self.needs(
            """
            upstreams: {a: {endpoints: ["a.example.net:25"]}}
            listeners: [{name: one, bind: [":25"], to: a}, {name: two, bind: [":2525"], to: a}]
            """)
        #expect(needs.needs.map(\.port) == [25])
        #expect(needs.needs.map(\.listeners) == [["one", "two"]])
    }

    @Test(arguments: [
        ("127.0.0.1:2500", "this host"), ("\"[::1]:2500\"", "this host"), ("localhost:2500", "this host"),
        ("192.168.1.20:25", "not an address of a tailnet"), ("192.0.2.1:25", "not an address of a tailnet"),
        ("\"[fd00::1]:25\"", "not an address of a tailnet"), ("\"unix:/run/mail.sock\"", "a Unix socket"),
        ("mail.local:25", "a name of the local network"), ("mail.home.arpa:25", "a name of the local network"),
    ])
    func `what is not reached over the tailnet needs no grant, and is named`(endpoint: String, reason: String) {
        let needs = Self.needs(
            """
            upstreams: {a: {endpoints: [\(endpoint)]}}
            listeners: [{name: one, bind: [":25"], to: "a:2525"}]
            """)
        #expect(needs.needs.isEmpty)
        #expect(needs.elsewhere.map(\.reason) == [reason])
    }

    @Test(arguments: [
        "100.64.0.1", "100.127.255.254", "fd7a:115c:a1e0::1", "::ffff:100.64.0.1", "stalwart", "mail.example.net",
    ])
    func `addresses of a tailnet and names are reached over it`(host: String) {
        let needs = Self.needs("mailbox: {address: \"\(host)\", ports: [25]}")
        #expect(needs.needs.map(\.port) == [25])
        #expect(needs.elsewhere.isEmpty)
    }

    @Test(arguments: [
        ("stalwart.tail1234.ts.net", true), ("100.64.0.7", true), ("mail.example.net", false), ("192.168.1.20", false),
    ])
    func `behind a SOCKS proxy, only what tailscaled alone knows is on the tailnet`(host: String, isOnTailnet: Bool) {
        let needs = Self.needs(
            "mailbox: {address: \(host), ports: [25], via: {socks5: \"127.0.0.1:1055\"}}")
        #expect(needs.needs.isEmpty == !isOnTailnet)
        #expect(needs.elsewhere.isEmpty == isOnTailnet)
    }

    @Test(arguments: ["stalwart", "mail.example.net", "100.64.0.7"])
    func `what tailscaled dials is always up to its policy`(host: String) {
        let needs = Self.needs("mailbox: {address: \(host), ports: [25], via: tailscale}")
        #expect(needs.needs.map(\.port) == [25])
        #expect(needs.elsewhere.isEmpty)
    }

    @Test func `routes that close dial nothing`() {
        let needs = Self.needs(
            """
            upstreams: {a: {endpoints: [a.example.net]}}
            listeners: [{name: one, bind: [":25"], to: a}, {name: two, bind: [":26"], to: close}]
            """)
        #expect(needs.needs.map(\.port) == [25])
    }

    @Test(arguments: [
        ("tag:stalwart", true), ("tag:a", true), ("tag:reverse-proxy2", true), ("tag:", false), ("stalwart", false),
        ("tag:1a", false), ("tag:-a", false), ("tag:a b", false), ("tag:a\"", false), ("tag:a:b", false),
        ("tag:ä", false),
        ("", false),
    ])
    func `a tag has a name that a control server takes`(text: String, isTag: Bool) {
        #expect(PolicyTags.isTag(text) == isTag)
    }

    @Test func `tags are read as the options write them`() throws {
        let tags = try PolicyTags(edge: "tag:e", mailboxes: ["web=tag:w", "tag:m"])
        #expect(tags.edge == "tag:e" && tags.mailbox == "tag:m" && tags.others == ["web": "tag:w"])
        #expect(try PolicyTags(edge: "tag:e", mailboxes: []).mailbox == "tag:stalwart")
    }

    @Test(arguments: [
        ("tag:e", ["tag:a", "tag:b"], "two tags, 'tag:a' and 'tag:b'"),
        ("tag:e", ["web=tag:a", "web=tag:b"], "the upstream 'web' two tags"), ("e", [], "'e' is not a tag"),
        ("tag:e", ["m"], "'m' is not a tag"), ("tag:e", ["web=w"], "'w' is not a tag"),
    ])
    func `what is no tag, or one too many, is refused`(edge: String, mailboxes: [String], words: String) {
        let problem = #expect(throws: PolicyTags.Problem.self) { try PolicyTags(edge: edge, mailboxes: mailboxes) }
        #expect(problem?.description.contains(words) == true)
    }

    @Test func `a tag for an upstream that is not there is refused`() throws {
        let configuration = PolicySamples.configuration
        try PolicyTags().check(configuration)
        #expect(throws: PolicyTags.Problem.self) {
            try PolicyTags(others: ["none": "tag:x"]).check(configuration)
        }
    }
}
