import TailwartCore
import TailwartWire
import Testing

@Suite struct ClosedClientsTests {
    private static let second: UInt64 = 1_000_000
    private static func place(_ port: UInt16) -> Place.Key {
        Place.Key(upstream: "mailbox", endpoint: "stalwart", port: port)
    }
    private let clients = ClosedClients(at: Self.place(25), in: ClientTable(capacity: 64, seed: (1, 2)))
    private let banned = IPAddress.v4(0xcb00_7105)
    private let other = IPAddress.v4(0xcb00_7106)

    /// When the client is dialled for again after it was closed to, in seconds from `time`.
    private func wait(from time: UInt64) -> UInt64? {
        (1...100 as ClosedRange<UInt64>).first { clients.mayDial(for: banned, now: time + $0 * Self.second) }
    }

    @Test func `a client that the mailbox closes to waits longer each time, while others are served`() {
        var now = 100 * Self.second
        var waits: [UInt64] = []
        for _ in 0..<7 {
            clients.served(other, now: now)
            clients.closed(to: banned, now: now)
            #expect(!clients.mayDial(for: banned, now: now) && clients.mayDial(for: other, now: now))
            guard let wait = wait(from: now) else { break }
            waits.append(wait)
            now += wait * Self.second
        }
        #expect(waits == [2, 4, 8, 16, 32, 60, 60])
    }

    @Test func `as soon as it is served it is as if nothing had been`() {
        let now = 100 * Self.second
        clients.served(other, now: now - Self.second)
        clients.closed(to: banned, now: now - Self.second)
        clients.served(other, now: now)
        clients.closed(to: banned, now: now)
        #expect(wait(from: now) == 4)
        clients.served(banned, now: now + Self.second)
        #expect(clients.mayDial(for: banned, now: now + Self.second))
        clients.closed(to: banned, now: now + 2 * Self.second)
        #expect(wait(from: now + 2 * Self.second) == 2)
    }

    @Test func `a mailbox that serves nobody turns nobody away`() {
        let now = 1000 * Self.second
        clients.closed(to: banned, now: now)
        #expect(clients.mayDial(for: banned, now: now), "it has never served anybody")
        clients.served(other, now: now - 61 * Self.second)
        clients.closed(to: banned, now: now)
        #expect(clients.mayDial(for: banned, now: now), "that is too long ago")
        clients.served(other, now: now)
        clients.closed(to: banned, now: now)
        #expect(!clients.mayDial(for: banned, now: now))
        // It restarts and closes to everybody: after the first wait the client is dialled for each time.
        clients.closed(to: banned, now: now + 10 * Self.second)
        #expect(clients.mayDial(for: banned, now: now + 10 * Self.second))
    }

    @Test func `each address is one client, of IPv6 too, and of each port by itself`() throws {
        let table = ClientTable(capacity: 64, seed: (1, 2))
        let (one, two) = (ClosedClients(at: Self.place(25), in: table), ClosedClients(at: Self.place(993), in: table))
        let first = try #require(IPAddress("2001:db8::1"))
        let neighbour = try #require(IPAddress("2001:db8::2"))
        for clients in [one, two] { clients.served(other, now: Self.second) }
        one.closed(to: first, now: Self.second)
        two.closed(to: neighbour, now: Self.second)
        #expect(!one.mayDial(for: first, now: Self.second) && one.mayDial(for: neighbour, now: Self.second))
        #expect(two.mayDial(for: first, now: Self.second) && !two.mayDial(for: neighbour, now: Self.second))
    }
}
