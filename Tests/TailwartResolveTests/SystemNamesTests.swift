import TailwartResolve
import TailwartWire
import Testing

@Suite struct SystemNamesTests {
    private let mailbox = "stalwart.tail1234.test"

    private func addresses(_ answer: FakeNameServer.Answer?) throws -> Result<[IPAddress], SystemNames.Failure> {
        let server = try FakeNameServer()
        defer { server.stop() }
        if let answer { server.set(mailbox, answer) }
        return Result { () throws(SystemNames.Failure) in
            try SystemNames.addresses(of: mailbox, servers: server.servers)
        }
    }

    @Test func `a name brings its addresses, IPv4 first`() throws {
        let answer = FakeNameServer.Answer(addresses: [.v6(0xfd7a_115c_a1e0_0000, 3), .v4(0x6440_0003)])
        #expect(try addresses(answer) == .success([.v4(0x6440_0003), .v6(0xfd7a_115c_a1e0_0000, 3)]))
    }

    @Test func `a name that nobody has, and one without an address, are unknown`() throws {
        #expect(try addresses(nil) == .failure(.unknown))
        #expect(try addresses(.init()) == .failure(.unknown))
    }

    @Test func `a server that cannot answer is not the name's fault`() throws {
        guard case .failure(.away) = try addresses(.init(code: 2)) else {
            Issue.record("the name is said to be unknown")
            return
        }
    }

    @Test func `this host is known without any name server`() throws {
        let found = try SystemNames.addresses(of: "localhost", servers: "127.0.0.1:1")
        #expect(!found.isEmpty && found.allSatisfy(\.isLoopback), "\(found)")
    }
}
