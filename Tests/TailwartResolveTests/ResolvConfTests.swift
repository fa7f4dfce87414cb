import TailwartWire
import Testing

@testable import TailwartResolve

@Suite struct ResolvConfTests {
    private static func read(
        _ text: String, hostName: String? = nil, environment: [String: String] = [:]
    ) -> ResolvConf {
        ResolvConf(
            Array(text.utf8), hostName: hostName, environment: { environment[$0] },
            interface: { $0 == "eth0" ? 7 : 0 })
    }

    private static let linkLocal = "[fe80::1]:53"

    @Test(
        arguments: [
            // None at all: this host (resolv.conf(5)).
            ("", ["127.0.0.1:53"]), ("nameserver", ["127.0.0.1:53"]), ("nameserver \n", ["127.0.0.1:53"]),
            ("# nameserver 192.0.2.1", ["127.0.0.1:53"]), ("nonsense\u{0}\n\n;", ["127.0.0.1:53"]),
            (" nameserver 192.0.2.1", ["127.0.0.1:53"]), ("nameserver192.0.2.1", ["127.0.0.1:53"]),
            ("nameserver dns.example.org", ["127.0.0.1:53"]), ("nameserver 192.0.2.1.5", ["127.0.0.1:53"]),
            ("nameserver 192.0.2.1", ["192.0.2.1:53"]), ("nameserver\t192.0.2.1\r\n", ["192.0.2.1:53"]),
            ("nameserver 192.0.2.1 # main", ["192.0.2.1:53"]), ("nameserver 192.0.2.1;x", ["192.0.2.1:53"]),
            ("nameserver 127.1", ["127.0.0.1:53"]), ("nameserver 2001:db8::1", ["[2001:db8::1]:53"]),
            ("nameserver x\nnameserver 192.0.2.1", ["192.0.2.1:53"]),
            // MAXNS.
            (
                "nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4",
                ["192.0.2.1:53", "192.0.2.2:53", "192.0.2.3:53"]
            ),
        ])
    func `name servers are those that the system's resolver would ask`(text: String, servers: [String]) {
        #expect(Self.read(text).servers.map { "\($0.address)" } == servers)
        #expect(Self.read(text).servers.allSatisfy { $0.interface == 0 })
    }

    @Test(
        arguments: [
            ("fe80::1%eth0", linkLocal, 7), ("fe80::1%3", linkLocal, 3), ("fe80::1%nope", linkLocal, 0),
            ("fe80::1", linkLocal, 0), ("fe80::1%", linkLocal, 0),
            // No other address has a zone.
            ("2001:db8::1%eth0", "[2001:db8::1]:53", 0),
        ] as [(String, String, UInt32)])
    func `a link-local name server is on its interface`(word: String, address: String, interface: UInt32) {
        let found = Self.read("nameserver \(word)").servers
        #expect(found.map { "\($0.address)" } == [address])
        #expect(found.map(\.interface) == [interface])
    }

    @Test(
        arguments: [
            ("", nil, [String]()), ("", "edge", []), ("", "edge.", []), ("", "edge.example.org", ["example.org"]),
            ("search .", "edge.example.org", [""]), ("search", "edge.example.org", ["example.org"]),
            ("search a.test b.test", "edge.example.org", ["a.test", "b.test"]),
            ("search a.test.\t.b.test", nil, ["a.test", "b.test"]),
            ("domain a.test b.test", nil, ["a.test"]), ("domain a.test\nsearch b.test", nil, ["b.test"]),
            ("search b.test\ndomain a.test", nil, ["a.test"]), ("search a.test\nsearch b.test", nil, ["b.test"]),
            ("search . a.test", nil, ["", "a.test"]),
        ] as [(String, String?, [String])])
    func `the search list is that of the last line, else the host's own domain`(
        text: String, hostName: String?, search: [String]
    ) {
        #expect(Self.read(text, hostName: hostName).search == search)
    }

    @Test func `the environment counts before the file`() {
        let read = Self.read(
            "search a.test\noptions ndots:3 timeout:9",
            environment: ["LOCALDOMAIN": "b.test c.test", "RES_OPTIONS": "ndots:0 rotate"])
        #expect(read.search == ["b.test", "c.test"])
        #expect(read.dots == 0 && read.rotates && read.timeout == 9)
        #expect(Self.read("search a.test", environment: ["LOCALDOMAIN": ""]).search == [])
    }

    @Test func `options that matter are taken, within the bounds of the manual`() {
        let plain = Self.read("")
        #expect(plain.dots == 1 && plain.timeout == 5 && !plain.rotates && !plain.usesTCP && plain.asksForV6)
        let read = Self.read("options timeout:2 rotate use-vc no-aaaa\noptions ndots:2 edns0 trust-ad")
        #expect(read.dots == 2 && read.timeout == 2 && read.rotates && read.usesTCP && !read.asksForV6)
        let wild = Self.read("options ndots:99 timeout:99 timeout: ndots:x ndots timeout:-1 rotate:1 attempts:99")
        #expect(wild.dots == 15 && wild.timeout == 0 && !wild.rotates)
    }

    @Test(arguments: [(1, 5, 3), (1, 1, 2), (1, 0, 2), (1, 30, 5), (2, 5, 2), (3, 5, 2), (3, 30, 4)])
    func `a server is asked at least twice, and until the file's timeout is over`(
        servers: Int, timeout: Int, tries: Int
    ) {
        var file = ResolvConf((0..<servers).map { InternetAddress(.v4(UInt32($0)), port: 53) })
        file.timeout = timeout
        #expect(file.tries == tries)
    }

    @Test func `any bytes can be read`() {
        var bytes: [UInt8] = []
        for first in UInt8.min...UInt8.max {
            bytes += Array("nameserver ".utf8) + [first, 0xff, 0x0a] + Array("search ".utf8) + [first, 0x0a]
            bytes += Array("options timeout:".utf8) + [first, 0x0a]
        }
        for count in stride(from: 0, to: bytes.count, by: 101) {
            let read = ResolvConf(
                Array(bytes[..<count]), hostName: nil, environment: { _ in nil }, interface: { _ in 0 })
            #expect(!read.servers.isEmpty)
        }
    }

    @Test func `this host's own file can be read`() {
        #expect(!ResolvConf.current().servers.isEmpty)
    }
}
