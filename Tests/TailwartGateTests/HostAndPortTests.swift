import Testing

@testable import TailwartGate

@Suite struct HostAndPortTests {
    @Test(
        arguments: [
            ("db:5432", "db", 5432, "db:5432"),
            ("the-record-prod.tail1234.ts.net:25", "the-record-prod.tail1234.ts.net", 25, nil),
            ("192.0.2.1:1", "192.0.2.1", 1, nil), ("[2001:db8::1]:65535", "2001:db8::1", 65535, nil),
            ("[::1]:25", "::1", 25, nil),
            ("my_db:80", "my_db", 80, nil), ("Mail:25", "Mail", 25, nil),
        ] as [(String, String, UInt16, String?)])
    func `host and port are taken apart and written again`(
        text: String, host: String, port: UInt16, written: String?
    ) throws {
        let endpoint = try HostAndPort(text, example: 5432)
        #expect(endpoint.host == host)
        #expect(endpoint.port == port)
        #expect("\(endpoint)" == written ?? text)
    }

    @Test(arguments: [("192.0.2.1:1", true), ("[::1]:1", true), ("localhost:1", false), ("db:1", false)])
    func `an address needs no name server`(text: String, isAddress: Bool) throws {
        #expect((try HostAndPort(text, example: 1).address != nil) == isAddress)
    }

    @Test func `a port may have a default`() throws {
        #expect(try HostAndPort("db", defaultPort: 25, example: 25).port == 25)
        #expect(try HostAndPort("[::1]", defaultPort: 25, example: 25).port == 25)
        #expect(try HostAndPort("db:26", defaultPort: 25, example: 25).port == 26)
    }

    @Test(arguments: [
        ("db", "there is no port; write db:5432"), ("[::1]", "there is no port; write [::1]:5432"),
        ("db:", "there is no port behind the colon; write a number from 1 to 65535, such as 5432"),
        ("db:0", "\"0\" is not a port"), ("db:65536", "\"65536\" is not a port"), ("db:-1", "\"-1\" is not a port"),
        ("db:+80", "\"+80\" is not a port"), ("db:99999999999999999999", "is not a port"), ("db:٨٠", "is not a port"),
        ("db:80 ", "\"80 \" is not a port"), (":5432", "there is no host; write localhost:5432"),
        ("", "there is no host"), ("2001:db8::1:25", "an IPv6 address needs brackets"),
        ("[2001:db8::1:25", "the bracket at the beginning is not closed"), ("[db]:25", "\"db\" is none"),
        ("[::1]25", "behind the bracket follows a colon"),
        ("d b:25", "character 2, \" \", cannot be part of a host name"),
        ("dé:25", "character 2, \"é\""), ("db\r\n:25", "character 3"), ("*.db:25", "character 1, \"*\""),
        ("-db:25", "neither a host name nor an IP address"), ("a..b:25", "neither a host name"),
        ("192.0.2.256:25", "neither a host name nor an IP address"),
        (String(repeating: "a", count: 300) + ":25", "neither a host name"),
        ("http://db:5432/x", "without \"http://\": db:5432"), ("postgres://db", "without \"postgres://\": db:5432"),
        ("http://[:1", "without \"http://\": host:5432"),
    ])
    func `what cannot be meant is told with its place and what to write`(text: String, message: String) {
        do {
            let endpoint = try HostAndPort(text, example: 5432)
            Issue.record("\(text) was read as \(endpoint)")
        } catch {
            #expect(error.description.contains(message), "\(error)")
        }
    }

    @Test(arguments: [("mailbox", "mailbox"), ("mailbox.tail1234.ts.net.", "mailbox.tail1234.ts.net")])
    func `a peer is a name`(text: String, name: String) throws {
        #expect(try Condition.peer(named: text) == .peer(name))
    }

    @Test(arguments: ["100.64.0.1", "mailbox:25", "[::1]", "", "a b"])
    func `a peer is no address and has no port`(text: String) {
        #expect(throws: WrongUse.self) { try Condition.peer(named: text) }
    }
}
