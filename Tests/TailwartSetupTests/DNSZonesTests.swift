import TailwartConfig
import TailwartCore
import TailwartSetup
import TailwartWire
import Testing

struct DNSZonesTests {
    private static let account = "https://acme-v02.api.letsencrypt.org/acme/acct/123456789"

    private func plan(_ sample: Sample, _ request: ZoneRequest) throws -> DNSZones {
        try DNSZones(EdgeFacade(sample.load()), request)
    }

    private func values(_ plan: DNSZones, _ type: String) -> [String: [String]] {
        let records = plan.zones.flatMap(\.groups).flatMap(\.records).filter { $0.type == type }
        return Dictionary(grouping: records, by: \.name).mapValues { $0.map(\.value) }
    }

    @Test(arguments: Sample.allCases.filter { $0 != .mailOnly })
    func `the zone snippet is as expected`(sample: Sample) throws {
        let request = try ZoneRequest.sample(accounts: [ACMEAccount(uri: Self.account, issuer: nil)])
        try Golden.expect(plan(sample, request).zoneSnippet, "records-\(sample).zone")
    }

    @Test func `the table is as expected`() throws {
        try Golden.expect(plan(.usual, .sample()).table, "records-usual.txt")
    }

    @Test func `a script gets every record with its parts`() throws {
        let answer = DNSZones.answer(try plan(.usual, .sample()), problems: [])
        try Golden.expect("\(answer)\n", "records-usual.json")
    }

    @Test func `MX points to the mailbox's own name, and all other names to it`() throws {
        let text = "mailbox: {address: 192.0.2.20, hostname: mx.example.org, domains: [example.com]}"
        let configuration = try #require(Configuration.load(text: text, file: "", environment: [:]).configuration)
        let plan = try DNSZones(EdgeFacade(configuration), .sample())
        #expect(plan.host == "mx.example.org")
        #expect(values(plan, "MX") == ["example.com": ["10 mx.example.org."]])
        #expect(values(plan, "CNAME")["mta-sts.example.com"] == ["mx.example.org."])
    }

    @Test func `mail programs are sent to the ports that the edge listens on, and told which services are not there`()
        throws
    {
        let usual = try values(plan(.usual, .sample()), "SRV")
        #expect(
            usual == [
                "_submissions._tcp.example.org": ["0 1 465 mail.example.org."],
                "_submission._tcp.example.org": ["10 1 587 mail.example.org."],
                "_imaps._tcp.example.org": ["0 1 993 mail.example.org."],
                "_imap._tcp.example.org": ["0 0 0 ."],
                "_pop3s._tcp.example.org": ["0 0 0 ."],
                "_pop3._tcp.example.org": ["0 0 0 ."],
            ], "RFC 5804 asks for no denial of _sieve")
        let everything = try values(plan(.everything, .sample()), "SRV")
        #expect(everything["_sieve._tcp.lists.example.org"] == ["0 1 4190 mail.example.org."])
        #expect(!everything.values.joined().contains("0 0 0 ."))
        #expect(
            try values(plan(.readersOnly, .sample()), "SRV")["_imaps._tcp.example.org"] == [
                "0 1 2993 mail.example.org."
            ])
    }

    @Test func `a listener for this host or the tailnet alone is nothing to publish`() throws {
        let text = """
            upstreams: {mailbox: {endpoints: [mail.example.net], proxy_protocol: v2}}
            listeners:
              - {name: imaps, bind: ["127.0.0.1:993", "100.64.0.1:993"], protocol: imaps, to: mailbox}
              - {name: pop3s, bind: [":995"], protocol: pop3s, to: close}
              - {name: smtp, bind: ["[::1]:25"], protocol: smtp, to: mailbox}
            """
        let configuration = try #require(Configuration.load(text: text, file: "", environment: [:]).configuration)
        let plan = try DNSZones(EdgeFacade(configuration), .sample(domains: ["example.org"]))
        #expect(values(plan, "MX").isEmpty)
        #expect(values(plan, "TXT").isEmpty, "no policy and no reports for mail that cannot arrive")
        #expect(values(plan, "SRV").values.allSatisfy { $0 == ["0 0 0 ."] })
    }

    @Test func `only names that the edge passes are published`() throws {
        let text = """
            upstreams:
              mailbox: {endpoints: [mail.example.net], proxy_protocol: v2}
              web: {endpoints: ["127.0.0.1:8443"]}
            listeners:
              - {name: smtp, bind: [":25"], protocol: smtp, to: mailbox}
              - name: https
                bind: [":443"]
                routes:
                  - {match: {sni: [autoconfig.example.org, mta-sts.example.com]}, to: "mailbox:443", proxy_protocol: none}
                  - {match: {sni: ["*.example.net"]}, to: "mailbox:443", proxy_protocol: none}
                  - {match: {sni: [www.example.org]}, to: web}
                  - {to: web}
            """
        let configuration = try #require(Configuration.load(text: text, file: "", environment: [:]).configuration)
        let plan = try DNSZones(EdgeFacade(configuration), .sample(domains: ["example.net", "example.info"]))
        #expect(plan.zones.map(\.name) == ["example.org", "example.com", "example.net", "example.info"])
        let aliases = values(plan, "CNAME")
        #expect(aliases["autoconfig.example.org"] == ["mail.example.org."])
        #expect(aliases["mta-sts.example.org"] == nil, "it goes to the web server")
        #expect(aliases["ua-auto-config.example.net"] == ["mail.example.org."], "by the wildcard")
        #expect(aliases["www.example.org"] == nil, "the web server's own name")
        #expect(!aliases.keys.contains { $0.hasSuffix("example.info") })
        // A policy that cannot be fetched must not be announced.
        #expect(
            Set(values(plan, "TXT").keys.filter { $0.hasPrefix("_mta-sts") }) == [
                "_mta-sts.example.com", "_mta-sts.example.net",
            ])
    }

    @Test func `a host under none of the domains has a zone of its own`() throws {
        let plan = try plan(.usual, .sample(host: "edge.example.net"))
        #expect(plan.zones.map(\.name) == ["edge.example.net", "example.org"])
        #expect(plan.zones[0].groups.flatMap(\.records).map(\.type) == ["A", "AAAA"])
        #expect(values(plan, "MX")["example.org"] == ["10 edge.example.net."])
    }

    @Test func `a host with the name of a set-up name or of the domain has addresses and no alias`() throws {
        for host in ["mta-sts.example.org", "example.org"] {
            let plan = try plan(.usual, .sample(host: host))
            #expect(values(plan, "CNAME")[host] == nil)
            #expect(values(plan, "A")[host] == ["203.0.113.7"])
        }
    }

    @Test func `the reverse names are those of the registries`() throws {
        let plan = try plan(.usual, .sample())
        #expect(plan.zoneSnippet.contains("; 7.113.0.203.in-addr.arpa. IN PTR mail.example.org."))
        #expect(
            plan.zoneSnippet.contains(
                "; 7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. IN PTR mail.example.org."))
    }

    @Test func `an address that nobody listens on is warned of`() throws {
        let plan = try plan(.everything, .sample(["192.0.2.1"]))
        #expect(plan.warnings.count == 1)
        let text = "mailbox: {address: 100.64.0.7, bind: [9.9.9.9], domains: [example.org]}"
        let configuration = try #require(Configuration.load(text: text, file: "", environment: [:]).configuration)
        let facade = EdgeFacade(configuration)
        let own = ["192.168.1.2", "203.0.113.9"].compactMap { IPAddress($0) }
        #expect(facade.addresses(named: [], ofHost: own) == [IPAddress("9.9.9.9")])
        #expect(facade.addresses(named: [own[0]], ofHost: own) == [own[0]])
        #expect(try EdgeFacade(Sample.usual.load()).addresses(named: [], ofHost: own) == [own[1]])
        #expect(try DNSZones(facade, .sample(["9.9.9.9"])).warnings.isEmpty)
        let warnings = try DNSZones(facade, .sample(["9.9.9.9", "2620:fe::fe"])).warnings
        #expect(warnings.count == 1)
        #expect(warnings.first?.contains("does not listen on port 25 of 2620:fe::fe") == true)
    }

    @Test(arguments: [
        ("100.64.0.5", "tailnet"), ("fd7a:115c:a1e0::5", "tailnet"), ("192.168.1.2", "private"),
        ("10.0.0.1", "private"),
        ("127.0.0.1", "loopback"), ("fe80::1", "link-local"), ("fd00::2", "private"),
        ("::ffff:203.0.113.7", "disguise"),
    ])
    func `an address that the world cannot reach is refused with the reason`(address: String, reason: String) throws {
        let request = try ZoneRequest.sample(["203.0.113.7", address])
        #expect {
            _ = try plan(.usual, request)
        } throws: { error in
            "\(error)".contains(address) && "\(error)".contains(reason)
        }
    }

    @Test func `without a domain or an address it says which option is missing`() throws {
        #expect(throws: DNSZones.Problem.noDomain) { try plan(.mailOnly, .sample()) }
        #expect(throws: DNSZones.Problem.noAddress) { try plan(.usual, .sample([])) }
        #expect("\(DNSZones.Problem.noDomain)".contains("--domain"))
        #expect("\(DNSZones.Problem.noAddress)".contains("--ipv4"))
        #expect(try plan(.mailOnly, .sample(domains: ["example.org"])).host == "mail.example.org")
    }

    @Test func `an address of this host is not said to be nobody's`() throws {
        var request = try ZoneRequest.sample(["203.0.113.7", "198.51.100.7"])
        request.hostAddresses = [try #require(IPAddress("203.0.113.7"))]
        let warnings = try plan(.usual, request).warnings
        #expect(warnings.count == 2)
        #expect(warnings.first?.contains("203.0.113.7 is reserved for examples: this host has it") == true)
        #expect(warnings.last?.contains("no host has it") == true)
    }

    @Test func `a domain so long that a record's name would not fit is refused`() throws {
        let label = String(repeating: "a", count: 60)
        // 253 bytes less those of `_submissions._tcp.`
        for (count, isGood) in [(235, true), (236, false)] {
            let domain = "\(label).\(label).\(label)." + String(repeating: "b", count: count - 187) + ".org"
            try #require(domain.utf8.count == count)
            let request = try ZoneRequest.sample(host: "mail.example.org", domains: [domain])
            if isGood {
                _ = try plan(.mailOnly, request)
            } else {
                #expect(throws: DNSZones.Problem.nameTooLong("_submissions._tcp.\(domain)")) {
                    try plan(.mailOnly, request)
                }
            }
        }
        #expect("\(DNSZones.Problem.nameTooLong("a.b"))".contains("at most 253 bytes, and this one 3"))
    }

    @Test func `SPF is only a hint, never a record`() throws {
        for sample in Sample.allCases where sample != .mailOnly {
            let plan = try plan(sample, .sample())
            #expect(!values(plan, "TXT").values.joined().contains { $0.contains("v=spf1") })
            #expect(
                plan.zones.contains { $0.hints.contains { $0.contains("RFC 7208") && $0.contains("ip4:203.0.113.7") } })
        }
    }
}
