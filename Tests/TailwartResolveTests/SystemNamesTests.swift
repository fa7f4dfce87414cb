import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartResolve

@Suite(.ownThreads) struct SystemNamesTests {
    private static let mailbox = "stalwart.tail1234.test"
    private static let v4 = IPAddress.v4(0x6440_0003)
    private static let v6 = IPAddress.v6(0xfd7a_115c_a1e0_0000, 3)

    private static func addresses(
        of name: String = mailbox, _ answers: [String: FakeNameServer.Answer],
        _ change: (inout ResolvConf) -> Void = { _ in }
    ) throws -> (found: Result<[IPAddress], SystemNames.Failure>, asked: [String], streams: Int) {
        let server = try FakeNameServer()
        defer { server.stop() }
        for (name, answer) in answers { server.set(name, answer) }
        var file = server.file
        change(&file)
        let found = Result { () throws(SystemNames.Failure) in try SystemNames.addresses(of: name, servers: file) }
        return (found, server.askedNames, server.askedByStream)
    }

    /// A name that is asked for, what is found, and what the server was asked.
    struct Search: Sendable, CustomTestStringConvertible {
        let name: String
        var domains = ["office.test", "example.test"]
        var dots = 1
        let finds: Bool
        let asks: [String]

        var testDescription: String { "\(name) in \(domains), ndots \(dots)" }
    }

    /// A stranger's wildcard, as far as these names go.
    private static let strangers: [String: FakeNameServer.Answer] = [
        "stalwart.tail1234.test.office.test": .init(addresses: [.v4(0x0102_0304)]),
        "a.b.office.test": .init(addresses: [.v4(0x0102_0304)]),
    ]

    @Test(arguments: [
        Search(name: "stalwart.tail1234.test", finds: false, asks: ["stalwart.tail1234.test"]),
        Search(name: "stalwart.tail1234.test", dots: 15, finds: false, asks: ["stalwart.tail1234.test"]),
        Search(name: "stalwart.tail1234.test.", finds: false, asks: ["stalwart.tail1234.test"]),
        Search(name: "a.b", finds: false, asks: ["a.b"]),
        Search(name: "known.test", finds: true, asks: ["known.test"]),
        Search(name: "mail", finds: true, asks: ["mail.office.test", "mail.example.test"]),
        Search(name: "mail.", finds: false, asks: ["mail"]),
        Search(name: "bare", finds: true, asks: ["bare.office.test", "bare.example.test", "bare"]),
        Search(name: "bare", dots: 0, finds: true, asks: ["bare"]),
        Search(name: "bare", domains: [], finds: true, asks: ["bare"]),
        Search(name: "bare", domains: ["", "office.test"], finds: true, asks: ["bare"]),
        Search(name: "mail", domains: ["", "example.test"], finds: true, asks: ["mail", "mail.example.test"]),
        Search(
            name: "mail", domains: ["broken.test", "example.test"], finds: true,
            asks: ["mail.broken.test", "mail.example.test"]),
        Search(
            name: "mail", domains: ["empty.test", "example.test"], finds: true,
            asks: ["mail.empty.test", "mail.example.test"]),
        Search(name: "nobody", domains: ["office.test"], finds: false, asks: ["nobody.office.test", "nobody"]),
    ])
    func `a name with a dot is absolute, and only one label is searched for`(search: Search) throws {
        let known: [String: FakeNameServer.Answer] = [
            "known.test": .init(addresses: [Self.v4]), "bare": .init(addresses: [Self.v4]),
            "mail.example.test": .init(addresses: [Self.v4]), "mail.broken.test": .init(code: 2),
            "mail.empty.test": .init(),
        ]
        let (found, asked, _) = try Self.addresses(
            of: search.name, known.merging(Self.strangers) { first, _ in first }
        ) { file in
            file.search = search.domains
            file.dots = search.dots
        }
        #expect(found == (search.finds ? .success([Self.v4]) : .failure(.unknown)))
        #expect(asked == search.asks)
    }

    @Test func `both families come from the same name`() throws {
        let (found, asked, _) = try Self.addresses(
            of: "mail",
            ["mail.office.test": .init(addresses: [Self.v6]), "mail.example.test": .init(addresses: [Self.v4])]
        ) { $0.search = ["office.test", "example.test"] }
        #expect(found == .success([Self.v6]))
        #expect(asked == ["mail.office.test"])
    }

    @Test func `a name brings its addresses, IPv4 first`() throws {
        #expect(
            try Self.addresses([Self.mailbox: .init(addresses: [Self.v6, Self.v4])]).found
                == .success([Self.v4, Self.v6]))
    }

    @Test func `a name that nobody has, and one without an address, are unknown`() throws {
        #expect(try Self.addresses([:]).found == .failure(.unknown))
        #expect(try Self.addresses([Self.mailbox: .init()]).found == .failure(.unknown))
    }

    @Test(arguments: [2, 4, 5] as [UInt8])
    func `a server that cannot answer is not the name's fault`(code: UInt8) throws {
        guard case .failure(.away) = try Self.addresses([Self.mailbox: .init(code: code)]).found else {
            Issue.record("the name is said to be unknown")
            return
        }
    }

    @Test func `one family is found where the other is not answered for`() throws {
        let (found, _, _) = try Self.addresses(
            [Self.mailbox: .init(addresses: [Self.v4, Self.v6], silentFamily: .v4)]
        ) { $0.timeout = 1 }
        #expect(found == .success([Self.v6]))
    }

    @Test func `a chain of aliases leads to its addresses`() throws {
        let chain = (0..<8).map { (name: "hop\($0).test", timeToLive: UInt32(60)) }
        let (found, asked, _) = try Self.addresses([Self.mailbox: .init(addresses: [Self.v4, Self.v6], aliases: chain)])
        #expect(found == .success([Self.v4, Self.v6]))
        #expect(asked == [Self.mailbox])
    }

    @Test func `an alias without an address is unknown`() throws {
        let (found, _, _) = try Self.addresses([Self.mailbox: .init(aliases: [("hop.test", 60)])])
        #expect(found == .failure(.unknown))
    }

    @Test func `an answer that is too long for a packet is asked for over TCP`() throws {
        let all = (0..<100).map { IPAddress.v4(0x0a00_0000 + $0) }
        let (found, _, streams) = try Self.addresses([Self.mailbox: .init(addresses: all)])
        #expect(Set(try found.get()) == Set(all))
        #expect(streams > 0)
    }

    @Test func `where the file says use-vc all is asked over TCP`() throws {
        let (found, _, streams) = try Self.addresses([Self.mailbox: .init(addresses: [Self.v4])]) { $0.usesTCP = true }
        #expect(found == .success([Self.v4]))
        #expect(streams > 0)
    }

    @Test func `where the file says no-aaaa there are no IPv6 addresses`() throws {
        let (found, _, _) = try Self.addresses(
            [Self.mailbox: .init(addresses: [Self.v4, Self.v6])]
        ) { $0.asksForV6 = false }
        #expect(found == .success([Self.v4]))
    }

    @Test func `where the file says no-aaaa an unknown name is told in the server's words too`() throws {
        let server = try FakeNameServer()
        defer { server.stop() }
        let answers = try [true, false].map { asksForV6 in
            var file = server.file
            file.asksForV6 = asksForV6
            let lookup = try #require(Lookup([Self.mailbox], from: .system, file))
            var answers: [LookupAnswer] = []
            while !lookup.isDone {
                Lookup.wait(for: [lookup], waker: nil, longest: -1)
                answers += lookup.takeAnswers()
            }
            return answers
        }
        #expect(answers[0].count == 1)
        #expect(answers[0] == answers[1])
    }

    @Test(arguments: [2, 5, nil] as [UInt8?])
    func `a second server answers where the first one cannot`(code: UInt8?) throws {
        let (first, second) = (try FakeNameServer(), try FakeNameServer())
        defer {
            first.stop()
            second.stop()
        }
        first.set(Self.mailbox, .init(code: code))
        second.set(Self.mailbox, .init(addresses: [Self.v4]))
        #expect(
            try SystemNames.addresses(of: Self.mailbox, servers: ResolvConf([first.address, second.address]))
                == [Self.v4])
    }

    /// c-ares leaves the sockets to us where a server is on one link: an interface of another address is not looked at.
    @Test(arguments: [false, true])
    func `a name server with an interface is asked over packets and streams alike`(usesTCP: Bool) throws {
        let all = (0..<100).map { IPAddress.v4(0x0a00_0000 + $0) }
        let (found, _, streams) = try Self.addresses([Self.mailbox: .init(addresses: all)]) { file in
            file.servers[0].interface = 1
            file.usesTCP = usesTCP
        }
        #expect(Set(try found.get()) == Set(all))
        #expect(streams > 0)
    }

    @Test(arguments: ["localhost", "LOCALHOST", "localhost.", "mail.localhost"])
    func `this host is known without any name server`(name: String) throws {
        let nobody = ResolvConf([InternetAddress(.loopbackV4, port: 1)])
        let found = try SystemNames.addresses(of: name, servers: nobody)
        #expect(!found.isEmpty && found.allSatisfy(\.isLoopback), "\(found)")
    }
}
