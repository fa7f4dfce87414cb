import Glibc
import Synchronization
import TailwartResolve
import TailwartSystem
import TailwartWire
import Testing

@Suite struct ResolverTests {
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

    private func withResolver(
        _ names: [String], _ server: FakeNameServer, _ body: (News) throws -> Void
    ) throws {
        let news = News()
        let resolver = try Resolver(names: names, servers: server.servers) { name, entry, _ in news.add(name, entry) }
        let thread = try resolver.start()
        defer {
            resolver.stop()
            thread.join()
            server.stop()
        }
        try body(news)
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
}
