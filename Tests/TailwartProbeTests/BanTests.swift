import NIOPosix
import TailwartClient
import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartProbe

/// A mailbox that has banned this edge's own address: Stalwart looks at who is banned behind the header, at the address that stands there.
@Suite struct BanTests {
    private static let known = IPAddress.v4(0xcb00_7105)  // 203.0.113.5

    private func prober(_ own: [IPAddress]) -> Prober {
        Prober(group: MultiThreadedEventLoopGroup.singleton, name: { edgeName }, ownAddresses: { own })
    }

    private func question(
        _ fake: FakeStalwart, _ proto: ListenerProtocol, _ version: ProxyProtocolOut.Version
    ) -> ProbeQuestion {
        .test(.direct(fake.address(proto)), proto, version, serverName: "mail.example.org")
    }

    @Test(arguments: FakeStalwart.protocols, [ProxyProtocolOut.Version.v2, .v1])
    func `that clients are served shows a header with another address of this host`(
        proto: ListenerProtocol, version: ProxyProtocolOut.Version
    ) async throws {
        try await withStalwart(.expecting(version)) { fake in
            fake.ban(.loopbackV4)
            let prober = prober([.loopbackV4, .v4(0x6440_0003), .v4(0xa9fe_0001), Self.known, .v4(0xc0a8_0102)])
            let result = await prober.probe(question(fake, proto, version), timeout: patience)
            #expect(result.verdict == .banned && result.servesClients, "\(result)")
            #expect(result.detail.contains("203.0.113.5, another address of this host"), "\(result.detail)")
            #expect(!result.cause.contains("does not know it as a proxy") && !result.fix.contains("If it is neither"))
            #expect(!result.verdict.turnsOff(.reachability))
            // Over implicit TLS it was asked without a header before, as one that knows of none closes too.
            var complaints = noComplaints
            if proto.firstSpeaker == .client { complaints["header errors"] = 1 }
            #expect(fake.complaints == complaints)
            // It was this one that was served, and it took its leave.
            #expect(fake.counters.clients.map(\.ip) == (proto == .https ? [] : [Self.known]))
            fake.forgive()
            let later = await prober.probe(question(fake, proto, version), timeout: patience)
            #expect(later.verdict == .certificateFallback, "\(later.detail)")
        }
    }

    @Test(
        arguments: [
            [], [.loopbackV4, .loopbackV6, .anyV4, .v6(0xfe80 << 48, 1)],
            // Banned as well, so nobody knows of clients.
            [known],
        ] as [[IPAddress]], [ListenerProtocol.smtp, .imaps])
    func `where no other address is served it is said as before`(own: [IPAddress], proto: ListenerProtocol) async throws
    {
        try await withStalwart(.expecting(.v2)) { fake in
            for address in own + [.loopbackV4] { fake.ban(address) }
            let result = await prober(own).probe(question(fake, proto, .v2), timeout: patience)
            #expect(result.verdict == .banned && !result.servesClients, "\(result)")
            #expect(result.detail.contains("closed the connection without a byte when it had the header"))
            #expect(fake.counters.headers == (own == [Self.known] ? 2 : 1), "no address is made up")
        }
    }

    @Test(arguments: [ListenerProtocol.smtp, .imap])
    func `clients who were just served say it without another question`(
        proto: ListenerProtocol
    ) async throws {
        try await withStalwart(.expecting(.v2)) { fake in
            fake.ban(.loopbackV4)
            var clues = ProbeClues()
            clues.areServed = true
            let result = await prober([Self.known]).probe(
                question(fake, proto, .v2), timeout: patience, clues: clues)
            #expect(result.verdict == .banned && result.servesClients, "\(result)")
            #expect(fake.counters.connections == 1)
            // Of a mailbox that is well it is no news.
            fake.forgive()
            let well = await prober([]).probe(question(fake, proto, .v2), timeout: patience, clues: clues)
            #expect(well.verdict == .certificateFallback && !well.servesClients)
        }
    }

    @Test func `a mailbox that does not trust the header is not asked again by another name`() async throws {
        try await withStalwart { fake in
            let result = await prober([Self.known]).probe(question(fake, .smtp, .v2), timeout: patience)
            #expect(result.verdict == .headerNotTrusted)
            #expect(fake.counters.connections == 1)
        }
    }

    @Test func `a header names another address of the same family as its destination`() throws {
        let ends = (
            own: InternetAddress(.v4(0x6440_0003), port: 4000), peer: InternetAddress(.v4(0x6440_0004), port: 25)
        )
        let other = IPAddress.v6(0x2001_0db8 << 32, 5)
        for (named, client, destination) in [
            (Self.known, "203.0.113.5:4000", "100.64.0.4:25"), (other, "[2001:db8::5]:4000", "[2001:db8::5]:25"),
        ] {
            for version in [ProxyProtocolOut.Version.v1, .v2] {
                let bytes = ProbeHeader.bytes(version, addresses: ends, naming: named)
                guard case .found(let header) = ProxyHeader.parse(bytes.span),
                    case .proxied(let from, let to) = header.peers
                else {
                    Issue.record("\(bytes)")
                    continue
                }
                #expect("\(from)" == client && "\(to)" == destination)
            }
        }
    }
}
