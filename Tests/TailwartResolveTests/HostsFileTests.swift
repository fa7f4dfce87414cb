import TailwartWire
import Testing

@testable import TailwartResolve

@Suite struct HostsFileTests {
    private static let text = """
        # 192.0.2.9 mail.example.org
        127.0.0.1\tlocalhost
        192.0.2.1 mail.example.org mail   # the old one
        2001:db8::1\t mail.example.org\r
        192.0.2.1 mail.example.org
        fe80::1%eth0 link.example.org
        192.0.2.300 wrong.example.org
        192.0.2.2
        192.0.2.3 alone.example.org
        """

    @Test(arguments: [
        ("mail.example.org", ["192.0.2.1", "2001:db8::1"]), ("MAIL.Example.ORG.", ["192.0.2.1", "2001:db8::1"]),
        ("mail", ["192.0.2.1"]), ("localhost", ["127.0.0.1"]), ("alone.example.org", ["192.0.2.3"]),
        ("example.org", []), ("link.example.org", []), ("wrong.example.org", []), ("old", []), ("192.0.2.2", []),
        ("", []), ("x.localhost", ["127.0.0.1", "::1"]),
    ])
    func `all lines of a name count`(name: String, addresses: [String]) {
        #expect(HostsFile.addresses(of: name, in: Array(Self.text.utf8)).map { "\($0)" } == addresses)
    }

    @Test func `without a file this host is known all the same`() {
        #expect(HostsFile.addresses(of: "localhost", in: []) == [.loopbackV4, .loopbackV6])
        #expect(HostsFile.addresses(of: "mail", in: []) == [])
    }

    @Test func `any bytes can be read`() {
        let bytes = (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 3) }
        for count in stride(from: 0, through: bytes.count, by: 5) {
            _ = HostsFile.addresses(of: "mail", in: Array(bytes[..<count]))
        }
        #expect(HostsFile.addresses(of: "mail", in: bytes) == [])
    }
}
