import TailwartConfig
import TailwartCore
import Testing

@testable import TailwartPreflight

struct NameCheckTests {
    private func certificate(_ names: [String], isFallback: Bool = false) -> CertificateReport {
        CertificateReport(
            subject: "mail.example.org", issuer: "Example CA", names: names, notBefore: 0, notAfter: 1, lifetimeLeft: 1,
            isSelfSigned: false, isFallback: isFallback, chainProblem: nil, missingNames: [])
    }

    private func findings(_ file: String, _ report: CertificateReport) throws -> [Finding] {
        let configuration = try #require(Configuration.load(text: file, file: "f", environment: [:]).configuration)
        return NameCheck(configuration).findings([
            (configuration.upstreams[0], report), (configuration.upstreams[0], report),
        ])
    }

    private func greetings(_ file: String, _ results: [ProbeResult]) throws -> [Finding] {
        let configuration = try #require(Configuration.load(text: file, file: "f", environment: [:]).configuration)
        return NameCheck(configuration).greetings(results.map { (configuration.upstreams[0], $0) })
    }

    private static let mailbox = "mailbox: {address: stalwart.tail1234.ts.net, domains: [example.org]"
    private static let names = ["mail.example.org", "mta-sts.example.org", "autoconfig.example.org"]

    @Test(arguments: [
        ("\(mailbox)}\nweb: 127.0.0.1:8443", "'web'"), ("\(mailbox)}", "no upstream"),
        // Two servers on this host are not one.
        (
            "mailbox: {address: 127.0.0.1, ports: {25: 2525}, domains: [example.org], https: {port: 4443}}\nweb: 127.0.0.1:8443",
            "'web'"
        ),
    ])
    func `a name of the certificate that leads elsewhere on 443 is said once`(file: String, other: String) throws {
        let findings = try findings(file, certificate(Self.names))
        #expect(findings.map(\.subject) == ["mail.example.org"])
        #expect(findings.first?.result == .warn)
        #expect(findings.first?.detail.contains("routed to \(other)") == true)
        #expect(findings.first?.fix?.contains("'hostname: mail.example.org'") == true)
    }

    @Test(arguments: [
        "\(mailbox), hostname: mail.example.org}\nweb: 127.0.0.1:8443",
        "\(mailbox), https: {names: [\"*.example.org\"]}}",
        // Nobody divides 443.
        "mailbox: {address: stalwart.tail1234.ts.net}",
        "listeners: [{name: https, bind: [\":443\"], to: m}]\nupstreams: {m: {endpoints: [stalwart.tail1234.ts.net]}}",
    ])
    func `where all of them lead to the mailbox there is nothing to say`(file: String) throws {
        #expect(try findings(file, certificate(Self.names)).isEmpty)
    }

    private static let named = "\(mailbox), hostname: mail.example.org}"

    @Test(arguments: [
        ("stalwart", MailServer.stalwart as MailServer?, Finding.Result.warn, "STALWART_HOSTNAME=mail.example.org"),
        ("mx1.example.org", .postfix, .pass, "`tailwart trust`"), ("mx1.example.org", nil, .pass, "`tailwart trust`"),
    ])
    func `a mail server that calls itself otherwise than the file is told of once`(
        name: String, server: MailServer?, standing: Finding.Result, remedy: String
    ) throws {
        var result = ProbeResult(.well, "")
        (result.greetedAs, result.server) = (name, server)
        let findings = try greetings(Self.named, [result, result])
        #expect(findings.map(\.subject) == ["mail.example.org"] && findings.map(\.result) == [standing])
        #expect(findings.first?.detail.contains("calls itself '\(name)'") == true)
        #expect(findings.first?.fix?.contains(remedy) == true)
        #expect(findings.first?.matter == (server == .stalwart ? .misnamed : nil))
    }

    @Test(arguments: [(named, "mail.example.org"), (named, nil), ("\(mailbox)}", "stalwart")] as [(String, String?)])
    func `one that says the same name, or none, or that of no file, is not`(file: String, name: String?) throws {
        var result = ProbeResult(.well, "")
        result.greetedAs = name
        #expect(try greetings(file, [result]).isEmpty)
    }

    @Test func `a certificate that the server has made up, and names that nobody can ask for, do not count`() throws {
        let file = "\(Self.mailbox)}"
        #expect(try findings(file, certificate(["mail.example.org"], isFallback: true)).isEmpty)
        #expect(try findings(file, certificate(["*.example.org", "localhost", "192.0.2.1"])).isEmpty)
    }
}
