import TailwartWire
import Testing

@Suite struct HostAndPortTextTests {
    @Test(
        arguments: [
            ("mail.example.net:25", "mail.example.net", "25"), ("[2001:db8::1]:25", "2001:db8::1", "25"),
            (":25", "", "25"),
            ("2001:db8::1", "2001:db8::1", nil), ("${A:-b}:25", "${A:-b}", "25"),
            ("mail:${PORT:-25}", "mail", "${PORT:-25}"),
            ("mail", "mail", nil), ("[::1]", "::1", nil),
        ] as [(String, String, String?)])
    func `host and port are taken apart`(text: String, host: String, port: String?) throws {
        let parts = try HostAndPortText(text)
        #expect(parts.host == host)
        #expect(parts.port == port)
    }

    @Test(arguments: [
        ("[::1", HostAndPortText.Fault.unclosedBracket), ("[::1]25", .strayText), ("[", .unclosedBracket),
    ])
    func `brackets that do not match are told`(text: String, fault: HostAndPortText.Fault) {
        #expect(throws: fault) { try HostAndPortText(text) }
    }
}
