import TailwartCore
import TailwartTesting
import TailwartWire

/// What is around a simulated worker, as one seed decides it: the configuration, the clock, and whoever is dialled.
struct SimulatedWorld {
    var random: SeededRandom
    /// Microseconds.
    var now: UInt64 = 1_000_000
    var configuration: Configuration
    var addresses: [String: [IPAddress]]
    var mailboxes: [InternetAddress: SimulatedMailbox] = [:]
    /// How often something goes wrong: 0 never, else once in so many things that happen.
    let trouble: Int
    /// Whether it is a world in which mailboxes ban, and see whom: only where others were served a moment ago, and the client comes again, does
    /// it make a difference.
    let isBanning: Bool

    static let hosts = ["one.example.net", "two.example.net", "three.example.net"]
    static let proxy = InternetAddress(.v4(0xcb00_7101), port: 1080)

    init(seed: UInt64) {
        random = SeededRandom(seed: seed)
        trouble = [0, 4, 20, 60].randomElement(using: &random) ?? 0
        isBanning = random.oneIn(8) && trouble > 0
        addresses = [:]
        configuration = Configuration()
        for host in Self.hosts { addresses[host] = Self.someAddresses(&random, atLeast: trouble == 0 ? 1 : 0) }
        configuration = Self.someConfiguration(&random, isBanning: isBanning)
    }

    private static func someConfiguration(_ random: inout SeededRandom, isBanning: Bool) -> Configuration {
        var configuration = someConfiguration(&random)
        guard isBanning else { return configuration }
        configuration.limits = nil
        for index in configuration.upstreams.indices {
            configuration.upstreams[index].proxyProtocol = ProxyProtocolOut(.v2)
            configuration.upstreams[index].via = .direct
            // Who is closed to at one is dialled for at the next.
            configuration.upstreams[index].endpoints = Array(configuration.upstreams[index].endpoints.prefix(1))
            configuration.upstreams[index].endpoints[0].proxyProtocol = nil
        }
        for index in configuration.listeners.indices {
            configuration.listeners[index].proto = .smtp
            configuration.listeners[index].proxyProtocolIn = nil
            configuration.listeners[index].routes = [Route(to: .upstream("mailbox", port: nil))]
        }
        return configuration
    }

    mutating func oneIn(_ times: Int) -> Bool { random.oneIn(times) }

    /// Whether something goes wrong now.
    mutating func isTroubled(_ rarely: Int = 1) -> Bool { trouble > 0 && random.oneIn(trouble * rarely) }

    mutating func mailbox(at address: InternetAddress) -> SimulatedMailbox {
        mailboxes[address] ?? SimulatedMailbox(temper: nextTemper())
    }

    mutating func changeTempers() {
        for address in mailboxes.keys.sorted(by: { $0.description < $1.description }) {
            mailboxes[address] = SimulatedMailbox(temper: nextTemper())
        }
    }

    /// A name resolves to others, an upstream has other endpoints, a listener other limits.
    mutating func reconfigure() {
        if Bool.random(using: &random) {
            let host = Self.hosts[Int.random(in: 0..<Self.hosts.count, using: &random)]
            addresses[host] = Self.someAddresses(&random, atLeast: trouble == 0 ? 1 : 0)
        } else {
            configuration = Self.someConfiguration(&random, isBanning: isBanning)
        }
    }

    /// Somebody is trusted, on a list, or banned; at times.
    mutating func someRules() -> AccessRules {
        func one(_ name: String) -> NamedNetworks {
            guard oneIn(4) else { return NamedNetworks() }
            let address = IPAddress.v4(
                (oneIn(2) ? 0xc633_6400 : 0xc000_0200) | UInt32.random(in: 1...8, using: &random))
            return NamedNetworks(NetworkTable([(Network(address), 0)], seed: (1, 2)), names: [name])
        }
        let (trusted, bans) = (one("never"), one("ban (manual): noise"))
        guard oneIn(4), let network = Network("192.0.2.0/30") else { return AccessRules(trusted: trusted, bans: bans) }
        let list = AccessLists.List("list deny.txt", PackedNetworks([network]))
        return AccessRules(trusted: trusted, lists: AccessLists([list], seed: (3, 4)), bans: bans)
    }

    private mutating func nextTemper() -> SimulatedMailbox.Temper {
        guard trouble > 0, random.oneIn(2) else { return isBanning ? .bansSome : .serves }
        // Only where a header is sent to a server that greets does it make a difference.
        if random.oneIn(4) { return .answersHeader }
        return SimulatedMailbox.Temper.allCases.randomElement(using: &random) ?? .refuses
    }

    private static func someAddresses(_ random: inout SeededRandom, atLeast least: Int) -> [IPAddress] {
        (0..<Int.random(in: least...3, using: &random)).map { _ in
            .v4((random.oneIn(3) ? 0x7f00_0000 : 0xc000_0200) | UInt32.random(in: 1...20, using: &random))
        }
    }

    private static func someConfiguration(_ random: inout SeededRandom) -> Configuration {
        let via: Upstream.Via = [.direct, .direct, .socks5(proxy), .tailscale].randomElement(using: &random) ?? .direct
        let header: ProxyProtocolOut.Version = ProxyProtocolOut.Version.allCases.randomElement(using: &random) ?? .none
        let endpoints = hosts.prefix(Int.random(in: 1...3, using: &random)).enumerated().map { number, host in
            Endpoint(
                .name(host), weight: Int.random(in: 1...3, using: &random), isBackup: number == 2,
                proxyProtocol: random.oneIn(6)
                    ? ProxyProtocolOut.Version.allCases.randomElement(using: &random).map { ProxyProtocolOut($0) } : nil
            )
        }
        let upstream = Upstream(
            name: "mailbox", endpoints: endpoints,
            proxyProtocol: ProxyProtocolOut(header, tlvs: random.oneIn(3) ? [.crc32c, .uniqueID] : []), via: via,
            policy: Upstream.Policy.allCases.randomElement(using: &random) ?? .first,
            hold: random.oneIn(2) ? .seconds(Int.random(in: 1...20, using: &random)) : .zero,
            warm: via == .direct && header != .none && random.oneIn(2) ? 2 : 0)
        let protocols: [ListenerProtocol] = [.smtp, .imap, .imaps, .https, .tcp]
        let trusted = [Network("198.51.100.0/24")].compactMap { $0 }
        return Configuration(
            maxConnections: random.oneIn(10) ? 2 : 100, limits: someLimits(&random), upstreams: [upstream],
            listeners: [
                Listener(
                    name: "door", bind: [.any(port: 25)], proto: protocols.randomElement(using: &random) ?? .smtp,
                    routes: someRoutes(&random),
                    proxyProtocolIn: random.oneIn(3)
                        ? ProxyProtocolIn(trusted: trusted, others: random.oneIn(2) ? .direct : .close) : nil,
                    maxConnections: random.oneIn(10) ? 1 : nil, limits: someListenerLimits(&random))
            ])
    }

    private static func someLimits(_ random: inout SeededRandom) -> LimitSettings? {
        guard !random.oneIn(5) else { return nil }
        var limits = LimitSettings(table: random.oneIn(3) ? 8 : 64)
        if random.oneIn(3) { limits.wide = nil }
        if random.oneIn(4) {
            limits.pending = .init(total: random.oneIn(2) ? 1 : nil, perClient: random.oneIn(2) ? 1 : nil)
        }
        return limits
    }

    private static func someListenerLimits(_ random: inout SeededRandom) -> ListenerLimits? {
        switch Int.random(in: 0..<6, using: &random) {
        case 0: ListenerLimits(concurrent: 1)
        case 1: ListenerLimits(concurrent: 3, rate: .init(2, per: .seconds(10)), burst: 1)
        default: nil
        }
    }

    private static func someRoutes(_ random: inout SeededRandom) -> [Route] {
        let all = Route(to: .upstream("mailbox", port: random.oneIn(3) ? 2525 : nil))
        guard random.oneIn(4), let name = ServerNamePattern("mail.example.org") else { return [all] }
        let named = Route(match: RouteMatch(serverNames: [name]), to: .upstream("mailbox", port: nil))
        return random.oneIn(2) ? [named] : [named, random.oneIn(2) ? all : Route(to: .close)]
    }
}
