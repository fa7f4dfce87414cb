import TailwartTesting
import TailwartWire

/// internet – edge – tailnet – home. The way from the internet to the edge is a cable; that from the edge to the home is a ``Wire``
/// with the MTU of a tailnet.
struct TestNetwork: Sendable {
    /// Of the edge, on the internet.
    static let edge: [IPAddress] = [.v4(0xcb00_7101), .v6(0x2001_0db8_0000_0000, 1)]
    /// Of the edge, in the tailnet.
    static let edgeInTailnet: [IPAddress] = [.v4(0x6440_0002), .v6(0xfd7a_115c_a1e0_0000, 2)]
    /// On the internet, of the documentation networks (RFC 5737, RFC 3849).
    static let clients: [IPAddress] = [
        .v4(0xcb00_7102), .v6(0x2001_0db8_0000_0000, 2), .v4(0xcb00_7103), .v6(0x2001_0db8_0000_0000, 3),
    ]
    /// Of the mailbox, in the tailnet.
    static let mailbox = IPAddress.v4(0x6440_0003)
    /// Also of the mailbox, to move to.
    static let otherAddresses: [IPAddress] = [.v4(0x6440_0007), .v6(0xfd7a_115c_a1e0_0000, 7)]
    /// Smaller than any other network's, as tailscaled sets it.
    private static let tailnetMTU = 1280
    /// Packets that wait for the wire on a busy machine; to lose some is the wire's to do.
    private static let patientQueue = 10_000

    let host: TestHost
    let internet: Namespace
    let edge: Namespace
    let home: Namespace
    let wire: Wire
    let seed: UInt64

    /// - Parameter delay: milliseconds through the tailnet, one way.
    static func run(delay: Int = 20, _ body: (TestNetwork) async throws -> Void) async throws {
        try await TestHost.run { host in
            let network = try await TestNetwork(on: host, delay: delay)
            try await body(network)
        }
    }

    private init(on host: TestHost, delay: Int) async throws {
        self.host = host
        seed = UInt64.random(in: 0...UInt64(UInt32.max))
        print("seed \(seed)")
        internet = try await Namespace("internet", on: host)
        edge = try await Namespace("edge", on: host)
        home = try await Namespace("home", on: host)
        wire = try await Wire(edge, home, on: host, seed: seed)
        try await internet.ip(
            """
            link set lo up
            link add wan type veth peer name wan netns \(edge.processID)
            link set wan up
            \(Self.add(Self.clients, v4: 24, v6: 64, to: "wan"))
            """)
        try await edge.ip(
            """
            link set lo up
            link set wan up
            \(Self.add(Self.edge, v4: 24, v6: 64, to: "wan"))
            \(Self.joinTailnet(Self.edgeInTailnet))
            """)
        try await home.ip(
            """
            link set lo up
            \(Self.joinTailnet([Self.mailbox] + Self.otherAddresses))
            """)
        try await wire.delay(delay)
    }

    /// As tailscaled does it: addresses without a network, and routes to all others.
    static func joinTailnet(_ addresses: [IPAddress]) -> String {
        """
        link set tailscale0 mtu \(tailnetMTU) txqueuelen \(patientQueue) up
        \(add(addresses, v4: 32, v6: 128, to: "tailscale0"))
        route replace 100.64.0.0/10 dev tailscale0
        route replace fd7a:115c:a1e0::/48 dev tailscale0
        """
    }

    private static func add(_ addresses: [IPAddress], v4: Int, v6: Int, to device: String) -> String {
        // Nobody else can have the address; without this it could not be used for a second.
        addresses.map { "addr add \($0)/\($0.isV4 ? "\(v4)" : "\(v6) nodad") dev \(device)" }.joined(separator: "\n")
    }

    /// Drops packets to these ports of the mailbox without a word, as the tailnet's policy does.
    func drop(_ ports: [UInt16]) async throws {
        let rules = ports.map { "add rule inet grants input tcp dport \($0) drop" }
        try await home.nft(
            """
            add table inet grants
            add chain inet grants input { type filter hook input priority 0; policy accept; }
            flush chain inet grants input
            \(rules.joined(separator: "\n"))
            """)
    }
}
