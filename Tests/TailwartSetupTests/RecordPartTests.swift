import TailwartCore
import TailwartSetup
import TailwartWire
import Testing

struct RecordPartTests {
    @Test func `text is quoted, escaped and divided into strings of 255 bytes`() {
        func value(_ text: String) -> String { ZoneRecord("example.org", .text(text)).value }
        #expect(value("") == "\"\"")
        #expect(value("v=STSv1; id=1") == "\"v=STSv1; id=1\"")
        #expect(value("a\"b\\c") == #""a\"b\\c""#)
        #expect(value("ä\u{7}\n\u{7f}") == #""\195\164\007\010\127""#)
        let long = String(repeating: "x", count: 255)
        #expect(value(long) == "\"\(long)\"")
        #expect(value(long + "y") == "\"\(long)\" \"y\"")
        #expect(value(long + long) == "\"\(long)\" \"\(long)\"", "no empty string at the end")
    }

    @Test(arguments: [
        (0, "19700101000000"), (951_782_399, "20000228235959"), (951_782_400, "20000229000000"),
        (1_795_484_200, "20261124013640"), (4_107_542_400, "21000301000000"), (-5, "19700101000000"),
    ])
    func `a policy id tells the time`(time: Int, text: String) {
        #expect(PolicyID(time: time).text == text)
    }

    @Test(arguments: [
        ("a", true), ("20261124T013000", true), (String(repeating: "9", count: 32), true), ("", false), ("a-b", false),
        ("é", false), (String(repeating: "9", count: 33), false),
    ])
    func `a policy id is 1 to 32 letters and digits`(text: String, isGood: Bool) {
        #expect((PolicyID(text) != nil) == isGood)
    }

    @Test(arguments: [
        ("tls@example.org", "mailto:tls@example.org"), ("mailto:tls@example.org", "mailto:tls@example.org"),
        ("https://reports.example.org/v1", "https://reports.example.org/v1"), ("tls", nil), ("@example.org", nil),
        ("a@b@example.org", nil), ("a b@example.org", nil), ("a,b@example.org", nil), ("a;b@example.org", nil),
        ("https://", nil), ("a@*.example.org", nil), ("a\"@example.org", nil),
    ])
    func `a report address cannot end its record`(text: String, url: String?) {
        #expect(ReportAddress(text)?.url == url)
    }

    @Test(arguments: [
        ("https://acme-v02.api.letsencrypt.org/acme/acct/1", "letsencrypt.org"),
        ("https://acme.zerossl.com/v2/DV90/account/x", "sectigo.com"),
        ("https://dv.acme-v02.api.pki.goog/account/x", "pki.goog"),
    ])
    func `the authority's name follows from its account's URL`(uri: String, issuer: String) throws {
        #expect(try ACMEAccount(uri: uri, issuer: nil).issuer == issuer)
        #expect(try ACMEAccount(uri: uri, issuer: "ca.example.net").issuer == "ca.example.net")
    }

    @Test func `an account that would end its record, or whose authority is not known, is refused`() {
        for uri in [
            "123456", "http://acme.example.net/1", "https://", "https://a.example/1;x", "https://a.example/ 1",
            "https://a\"b",
        ] {
            #expect(throws: ACMEAccount.Problem.malformed(uri)) { try ACMEAccount(uri: uri, issuer: "x") }
        }
        #expect(throws: ACMEAccount.Problem.unknownIssuer("acme.example.net:14000".prefix { $0 != ":" }.description)) {
            try ACMEAccount(uri: "https://acme.example.net:14000/1", issuer: nil)
        }
        #expect(throws: ACMEAccount.Problem.unknownIssuer("notletsencrypt.org")) {
            try ACMEAccount(uri: "https://notletsencrypt.org/1", issuer: nil)
        }
    }

    @Test(arguments: [
        ("203.0.113.7", true), ("9.9.9.9", true), ("2001:db8::1", true), ("100.63.255.255", true),
        ("100.128.0.0", true),
        ("172.32.0.1", true), ("0.0.0.0", false), ("100.64.0.0", false), ("100.127.255.255", false),
        ("172.16.0.1", false),
        ("169.254.1.1", false), ("224.0.0.1", false), ("255.255.255.255", false), ("::", false), ("::1", false),
        ("fc00::1", false), ("fe80::1", false), ("ff02::1", false), ("::ffff:9.9.9.9", false),
    ])
    func `public addresses are told from others`(text: String, isPublic: Bool) throws {
        let problem = PublicAddress.problem(try #require(IPAddress(text)))
        #expect((problem == nil) == isPublic, "\(problem ?? "")")
    }
}
