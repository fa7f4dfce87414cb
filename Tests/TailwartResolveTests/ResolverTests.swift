import Glibc
import Synchronization
import TailwartResolve
import TailwartSystem
import TailwartTesting
import TailwartWire
import Testing

@Suite(.ownThreads) struct ResolverTests {
    /// What a resolver has told, to be waited for.
    private final class News: Sendable {
        private let entries = Mutex<[(String, Resolver.Entry)]>([])

        func add(_ name: String, _ entry: Resolver.Entry) { entries.withLock { $0.append((name, entry)) } }

        var count: Int { entries.withLock { $0.count } }

        /// Waits, up to ten seconds, until something fits.
        func wait(_ fits: (String, Resolver.Entry) -> Bool) -> Bool {
            for _ in 0..<1000 {
                if entries.withLock({ $0.contains { fits($0.0, $0.1) } }) { return true }
                usleep(10_000)
            }
            return false
        }
    }

    /// - Parameter magicDNS: tailscaled's own name server; with nil this host is in no tailnet.
    private func withResolver(
        _ names: [String], _ server: FakeNameServer, magicDNS: FakeNameServer? = nil,
        _ body: (News, Resolver) throws -> Void
    ) throws {
        let news = News()
        let servers = NameServers(magicDNS: magicDNS?.address, system: { server.file }) { magicDNS != nil }
        let resolver = try Resolver(names: names, servers: servers) { name, entry, _ in news.add(name, entry) }
        let thread = try resolver.start()
        defer {
            resolver.stop()
            thread.join()
            server.stop()
            magicDNS?.stop()
        }
        try body(news, resolver)
    }

    private func withResolver(_ names: [String], _ server: FakeNameServer, _ body: (News) throws -> Void) throws {
        try withResolver(names, server) { news, _ in try body(news) }
    }

    private let mailbox = "stalwart.tail1234.test"

    @Test func `a name brings its addresses, IPv4 first`() throws {
        let server = try FakeNameServer()
        server.set(mailbox, .init(addresses: [.v6(0xfd7a_115c_a1e0_0000, 3), .v4(0x6440_0003)]))
        try withResolver([mailbox], server) { news in
            #expect(
                news.wait { $1.addresses == [.v4(0x6440_0003), .v6(0xfd7a_115c_a1e0_0000, 3)] && $1.failure == nil })
        }
    }

    @Test func `a name that does not resolve yet is asked for again until it does`() throws {
        let server = try FakeNameServer()
        try withResolver([mailbox], server) { news in
            #expect(news.wait { $1.addresses.isEmpty && $1.failure != nil })
            server.set(mailbox, .init(addresses: [.v4(0x6440_0003)]))
            #expect(news.wait { $1.addresses == [.v4(0x6440_0003)] && $1.failure == nil })
        }
    }

    @Test func `when its time has passed a name is asked for again and a new address is news`() throws {
        let server = try FakeNameServer()
        server.set(mailbox, .init(addresses: [.v4(0x6440_0003)]))
        try withResolver([mailbox], server) { news in
            #expect(news.wait { $1.addresses == [.v4(0x6440_0003)] })
            server.set(mailbox, .init(addresses: [.v4(0x6440_0004)]))
            #expect(news.wait { $1.addresses == [.v4(0x6440_0004)] })
        }
    }

    @Test func `the last good answer stands while the name server fails`() throws {
        let server = try FakeNameServer()
        server.set(mailbox, .init(addresses: [.v4(0x6440_0003)]))
        try withResolver([mailbox], server) { news in
            #expect(news.wait { $1.addresses == [.v4(0x6440_0003)] })
            server.set(mailbox, .init(code: 2))
            #expect(news.wait { $1.addresses == [.v4(0x6440_0003)] && $1.failure != nil })
        }
    }

    @Test func `one bad name does not keep the others waiting`() throws {
        let server = try FakeNameServer()
        server.set("silent.test", .init(code: nil))
        server.set(mailbox, .init(addresses: [.v4(0x6440_0003)]))
        try withResolver(["silent.test", mailbox], server) { news in
            #expect(news.wait { name, entry in name == mailbox && !entry.addresses.isEmpty })
        }
    }

    @Test func `a resolver can be stopped in the middle of a question`() throws {
        let server = try FakeNameServer()
        server.set(mailbox, .init(code: nil))
        try withResolver([mailbox], server) { news in
            for _ in 0..<1000 where server.asked == 0 { usleep(10_000) }
            #expect(server.asked > 0)
            #expect(news.count == 0)
        }
    }

    @Test func `MagicDNS is asked for names of the tailnet, though the system knows nothing of them`() throws {
        let (system, magicDNS) = (try FakeNameServer(), try FakeNameServer())
        magicDNS.set(mailbox, .init(addresses: [.v4(0x6440_0003)], timeToLive: 5))
        try withResolver([mailbox], system, magicDNS: magicDNS) { news, _ in
            #expect(news.wait { $1 == .init(addresses: [.v4(0x6440_0003)], source: .magicDNS) })
            let askedBefore = system.asked
            magicDNS.set(mailbox, .init(addresses: [.v4(0x6440_0004)], timeToLive: 5))
            #expect(news.wait { $1 == .init(addresses: [.v4(0x6440_0004)], source: .magicDNS) })
            #expect(system.asked == askedBefore, "the system is not asked while MagicDNS answers")
        }
    }

    /// RFC 1035 section 4.1.1: server failure is what MagicDNS says of other names with `--accept-dns=false`.
    @Test(arguments: [2, 3, 5])
    func `other names go on to the system, and MagicDNS is still asked for its own`(code: UInt8) throws {
        let (system, magicDNS) = (try FakeNameServer(), try FakeNameServer())
        magicDNS.set("web.test", .init(code: code))
        magicDNS.set(mailbox, .init(addresses: [.v4(0x6440_0003)]))
        system.set("web.test", .init(addresses: [.v4(0xc000_0201)]))
        try withResolver(["web.test", mailbox], system, magicDNS: magicDNS) { news, _ in
            #expect(news.wait { $0 == "web.test" && $1 == .init(addresses: [.v4(0xc000_0201)], source: .system) })
            #expect(news.wait { $0 == mailbox && $1 == .init(addresses: [.v4(0x6440_0003)], source: .magicDNS) })
            system.set("web.test", .init(addresses: [.v4(0xc000_0202)]))
            magicDNS.set(mailbox, .init(addresses: [.v4(0x6440_0004)]))
            #expect(news.wait { $0 == "web.test" && $1 == .init(addresses: [.v4(0xc000_0202)], source: .system) })
            #expect(news.wait { $0 == mailbox && $1 == .init(addresses: [.v4(0x6440_0004)], source: .magicDNS) })
        }
    }

    @Test func `names are found beside a silent MagicDNS`() throws {
        let (system, magicDNS) = (try FakeNameServer(), try FakeNameServer())
        magicDNS.set("web.test", .init(code: nil))
        system.set("web.test", .init(addresses: [.v4(0xc000_0201)]))
        try withResolver(["web.test"], system, magicDNS: magicDNS) { news, _ in
            #expect(news.wait { $1.source == .system })
            system.set("web.test", .init(addresses: [.v4(0xc000_0202)]))
            #expect(news.wait { $1.addresses == [.v4(0xc000_0202)] })
        }
    }

    @Test func `tailscaled's word is told at once, from any thread, and without DNS`() throws {
        let server = try FakeNameServer()
        server.set(mailbox, .init(code: nil))
        try withResolver([mailbox], server) { news, resolver in
            resolver.learn(from: nil)
            resolver.learn(from: ["other.test": [.v4(1)]])
            resolver.learn(from: [mailbox: [.v6(0xfd7a_115c_a1e0_0000, 3), .v4(0x6440_0003)]])
            #expect(
                news.wait {
                    $1 == .init(addresses: [.v4(0x6440_0003), .v6(0xfd7a_115c_a1e0_0000, 3)], source: .tailscale)
                })
            resolver.learn(from: [mailbox: [.v4(0x6440_0003), .v6(0xfd7a_115c_a1e0_0000, 3)]])
            resolver.learn(from: [mailbox: [.v4(0x6440_0004)]])
            #expect(news.wait { $1.addresses == [.v4(0x6440_0004)] })
            #expect(news.count == 2)
        }
    }

    @Test func `a name that leaves the tailnet is found by DNS`() throws {
        let server = try FakeNameServer()
        server.set(mailbox, .init(addresses: [.v4(0x6440_0004)]))
        try withResolver([mailbox], server) { news, resolver in
            resolver.learn(from: [mailbox: [.v4(0x6440_0003)]])
            #expect(news.wait { $1.source == .tailscale })
            resolver.learn(from: [:])
            #expect(news.wait { $1 == .init(addresses: [.v4(0x6440_0004)], source: .system) })
        }
    }

    @Test func `what was learned before the start is told after it`() throws {
        let news = News()
        let resolver = try Resolver(names: [mailbox], servers: NameServers(magicDNS: nil)) {
            name, entry, all in
            #expect(all == [name: entry.addresses])
            news.add(name, entry)
        }
        resolver.learn(from: [mailbox: [.v4(0x6440_0003)]])
        #expect(news.count == 0)
        let thread = try resolver.start()
        #expect(news.wait { $1.source == .tailscale })
        resolver.stop()
        thread.join()
    }

    @Test func `a name server that is silent about one family holds nobody up, and its answer is added when it comes`()
        throws
    {
        let server = try FakeNameServer()
        let (v4, v6) = (IPAddress.v4(0x6440_0003), IPAddress.v6(0xfd7a_115c_a1e0_0000, 3))
        server.set(mailbox, .init(addresses: [v6, v4], silentFamily: .v6))
        try withResolver([mailbox], server) { news in
            #expect(news.wait { $1 == .init(addresses: [v4], source: .system) })
            server.set(mailbox, .init(addresses: [v6, v4]))
            #expect(news.wait { $1 == .init(addresses: [v4, v6], source: .system) })
            server.set(mailbox, .init(addresses: [v6, v4], silentFamily: .v6))
            let asked = server.asked
            // Both families, and the one that is silent once more: what the other said has been told by then.
            for _ in 0..<1000 where server.asked < asked + 3 { usleep(10_000) }
            #expect(server.asked >= asked + 3)
            #expect(news.count == 2, "of the family that is not answered for the last good answer stands")
        }
    }

    @Test func `a server that is silent is not waited for where there is another`() throws {
        let (silent, server) = (try FakeNameServer(), try FakeNameServer())
        silent.set(mailbox, .init(code: nil))
        server.set(mailbox, .init(addresses: [.v4(0x6440_0003)]))
        let news = News()
        let file = ResolvConf([silent.address, server.address])
        let resolver = try Resolver(names: [mailbox], servers: NameServers(magicDNS: nil) { file }) { name, entry, _ in
            news.add(name, entry)
        }
        let thread = try resolver.start()
        #expect(news.wait { $1 == .init(addresses: [.v4(0x6440_0003)], source: .system) })
        #expect(news.count == 1)
        resolver.stop()
        thread.join()
        silent.stop()
        server.stop()
    }

    @Test func `name servers that change while a question is open are asked at once`() throws {
        let (silent, server) = (try FakeNameServer(), try FakeNameServer())
        silent.set(mailbox, .init(code: nil))
        server.set(mailbox, .init(addresses: [.v4(0x6440_0003)]))
        let isChanged = Mutex(false)
        var old = silent.file
        // So that only the change brings an answer within the time of the test.
        old.timeout = 30
        let news = News()
        let servers = NameServers(magicDNS: nil) { [old] in isChanged.withLock { $0 } ? server.file : old }
        let resolver = try Resolver(names: [mailbox], servers: servers) { name, entry, _ in news.add(name, entry) }
        let thread = try resolver.start()
        for _ in 0..<1000 where silent.asked == 0 { usleep(10_000) }
        isChanged.withLock { $0 = true }
        #expect(news.wait { $1 == .init(addresses: [.v4(0x6440_0003)], source: .system) })
        #expect(news.count == 1)
        resolver.stop()
        thread.join()
        silent.stop()
        server.stop()
    }

    @Test func `a name that nobody has answered for yet is not among the addresses, one without an address is`() throws
    {
        let server = try FakeNameServer()
        server.set("silent.test", .init(code: nil))
        let told = Mutex<[String: [IPAddress]]?>(nil)
        let resolver = try Resolver(
            names: ["silent.test", "gone.test"], servers: NameServers(magicDNS: nil, system: { server.file })
        ) { _, _, all in told.withLock { $0 = $0 ?? all } }
        let thread = try resolver.start()
        for _ in 0..<1000 where told.withLock({ $0 == nil }) { usleep(10_000) }
        #expect(told.withLock { $0 } == ["gone.test": []])
        resolver.stop()
        thread.join()
        server.stop()
    }

    @Test func `this host's own addresses are seen`() {
        let own = InterfaceAddresses.all()
        #expect(own.contains(.loopbackV4))
        let isInTailnet = own.contains { if case .v4(0x6440_0000...0x647f_ffff) = $0 { true } else { false } }
        #expect(NameServers.hasTailnetAddress() == isInTailnet)
    }
}
