import Foundation
import TailwartConfig
import TailwartCore
import TailwartSetup
import TailwartWire
import Testing

struct TrustGuideTests {
    private static let edges = ["100.64.0.5", "fd7a:115c:a1e0::5"].compactMap { IPAddress($0) }

    private func guide(_ server: MailServer, _ sample: Sample) throws -> TrustGuide {
        TrustGuide(server, try sample.load(), edges: Self.edges)
    }

    @Test(arguments: MailServer.allCases)
    func `the guide for an edge with ports of its own is as expected`(server: MailServer) throws {
        try Golden.expect(guide(server, .ownPorts).text, "trust-\(server).txt")
    }

    @Test func `Stalwart's guide for the usual edge is as expected`() throws {
        try Golden.expect(guide(.stalwart, .usual).text, "trust-stalwart-usual.txt")
    }

    @Test(arguments: MailServer.allCases)
    func `every guide names every address of the edge, and no other`(server: MailServer) throws {
        // Two servers cannot keep a list, and there the firewall names them.
        let guide = try guide(server, .ownPorts)
        for edge in Self.edges { #expect(guide.text.contains("\(edge)")) }
        #expect(!guide.text.contains("100.64.0.0/10"))
    }

    @Test(
        arguments: [
            (MailServer.stalwart, "STALWART_HOSTNAME=mx.example.org"), (.postfix, "myhostname = mx.example.org"),
            (.exim, "primary_hostname = mx.example.org"), (.opensmtpd, "mx.example.org"),
            (.chasquid, "hostname: \"mx.example.org\""), (.dovecot, nil), (.nginx, nil),
        ] as [(MailServer, String?)])
    func `the mail server is told its own name, which the configuration has`(server: MailServer, line: String?) throws {
        let text = "mailbox: {address: 192.0.2.20, hostname: mx.example.org}"
        let configuration = try #require(Configuration.load(text: text, file: "", environment: [:]).configuration)
        let first = TrustGuide(server, configuration, edges: Self.edges).steps.first?.text
        if let line {
            #expect(first?.contains(line) == true)
        } else {
            #expect(first?.contains("mx.example.org") == false)
        }
    }

    @Test func `a version that the server cannot read is said`() throws {
        #expect(try guide(.chasquid, .ownPorts).warnings.contains { $0.contains("proxy_protocol: v1") })
        #expect(try guide(.chasquid, .mailOnly).warnings.isEmpty)
        #expect(try guide(.opensmtpd, .mailOnly).warnings.contains { $0.contains("proxy_protocol: v2") })
        #expect(try guide(.opensmtpd, .ownPorts).warnings.isEmpty)
    }

    @Test func `a port that others use too is warned of, with the port to take`() throws {
        // One line for both, as they mostly serve one mailbox together.
        for (server, taken) in [(MailServer.postfix, "25, 465, 587"), (.dovecot, "993")] {
            let warnings = try guide(server, .usual).warnings
            #expect(warnings.contains { $0.hasPrefix("\(server.name) listens on \(taken) already.") }, "\(warnings)")
            #expect(warnings.contains { $0.contains("`ports: {25: 10025, 465: 10465, 587: 10587, 993: 10993}`") })
            #expect(try guide(server, .usual).text.hasPrefix("# \(server.name)\n#\n# Note: \(server.name) listens on "))
        }
        #expect(try guide(.postfix, .ownPorts).warnings.isEmpty)
        #expect(try guide(.dovecot, .ownPorts).warnings.isEmpty)
    }

    @Test(arguments: MailServer.allCases)
    func `an edge that sends no header is told so, and nothing is to be set`(server: MailServer) throws {
        let text = "mailbox: {address: 192.0.2.20, ports: [25, 993], proxy_protocol: none}"
        let configuration = try #require(Configuration.load(text: text, file: "", environment: [:]).configuration)
        let guide = TrustGuide(server, configuration, edges: Self.edges)
        #expect(guide.steps.count == 1)
        #expect(guide.steps.first?.text == "")
        #expect(guide.text.contains("Nothing to set"))
    }

    @Test func `a port without a header among others is named`() throws {
        let text = """
            upstreams: {mailbox: {endpoints: [mail.example.net], proxy_protocol: v2}}
            listeners:
              - {name: smtp, bind: [":25"], to: "mailbox:10025"}
              - {name: submission, bind: [":587"], routes: [{to: mailbox, proxy_protocol: none}]}
            """
        let configuration = try #require(Configuration.load(text: text, file: "", environment: [:]).configuration)
        let guide = TrustGuide(.postfix, configuration, edges: Self.edges)
        #expect(guide.warnings.count == 1)
        #expect(guide.warnings.first?.contains("no header to port 587") == true)
    }

    @Test func `Stalwart's commands are JSON where they should be`() throws {
        let text = try guide(.stalwart, .usual).text
        let objects = text.matches(of: #/--json '(\{.+?\})'/#).map(\.output.1)
        #expect(objects.count == 3)
        for object in objects {
            #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(object.utf8)) }
        }
        #expect(text.contains("for port in 25 465 587 993; do"), "443 gets no header and no list")
        #expect(text.contains("443 the edge sends no header"))
    }

    @Test func `edges are those that are named, else those on the way, else this host in the tailnet, and never none`()
        throws
    {
        let lan = try #require(IPAddress("192.168.1.2"))
        let tailnet = ["100.64.0.5", "fd7a:115c:a1e0::5"].compactMap { IPAddress($0) }
        #expect(try TrustGuide.edges(named: [], routed: [lan], ofHost: tailnet) == [lan])
        #expect(try TrustGuide.edges(named: [], routed: [tailnet[0]], ofHost: tailnet) == tailnet)
        #expect(try TrustGuide.edges(named: [], routed: [lan, tailnet[0]], ofHost: tailnet) == [lan] + tailnet)
        #expect(try TrustGuide.edges(named: [tailnet[1]], routed: [lan], ofHost: tailnet) == [tailnet[1]])
        let own = ["203.0.113.9", "100.64.0.5"].compactMap { IPAddress($0) }
        #expect(try TrustGuide.edges(named: [], ofHost: own) == [own[1]])
        #expect(try TrustGuide.edges(named: [own[0]], ofHost: own) == [own[0]])
        #expect(throws: TrustGuide.NoEdge.self) { try TrustGuide.edges(named: [], ofHost: [own[0]]) }
    }
}
