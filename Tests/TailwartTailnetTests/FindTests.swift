import TailwartTailnet
import TailwartWire
import Testing

@Suite struct FindTests {
    private static let suffix = "tail1234.ts.net"

    private static func peer(
        _ name: String, host: String = "", online: Bool = true, expired: Bool = false, created: Int? = nil,
        address: UInt32 = 0x6440_0003
    ) -> TailnetPeer {
        TailnetPeer(
            name: name.contains(".") ? name : "\(name).\(suffix)", hostName: host, addresses: [.v4(address)],
            isOnline: online, isExpired: expired, created: created)
    }

    private static func status(_ peers: TailnetPeer..., state: BackendState = .running) -> TailnetStatus {
        TailnetStatus(
            backendState: state, own: peer("edge", address: 0x6440_0002), suffix: suffix, peers: peers)
    }

    /// The name that was found, with a word for how.
    private func found(_ name: String, _ status: TailnetStatus) -> String {
        switch status.find(name) {
        case .peer(let peer): peer.name
        case .renamed(let peer): "renamed \(peer.name)"
        case .unknown: "unknown"
        }
    }

    @Test(arguments: [
        "stalwart.tail1234.ts.net", "stalwart.tail1234.ts.net.", "Stalwart.TAIL1234.ts.net", "stalwart", "STALWART",
        "stalwart.",
    ])
    func `a name is found in full or by its first label`(name: String) {
        #expect(found(name, Self.status(Self.peer("stalwart"))) == "stalwart.tail1234.ts.net")
    }

    @Test(arguments: [
        "", ".", "..", "stal", "stalwart.tail1234", "stalwart.ts.net", "stalwart.tail1234.ts.net..", "mail example",
        "stalwart.tail1234.ts.net.example.org", "ſtalwart", "100.64.0.3", String(repeating: "a", count: 300),
    ])
    func `nothing else is found`(name: String) {
        #expect(found(name, Self.status(Self.peer("stalwart"))) == "unknown")
    }

    @Test func `this host is found too`() {
        #expect(found("edge", Self.status()) == "edge.tail1234.ts.net")
    }

    @Test func `a label means this tailnet's node before one that is shared in`() {
        let shared = Self.peer("stalwart.other.ts.net")
        #expect(found("stalwart", Self.status(shared, Self.peer("stalwart"))) == "stalwart.tail1234.ts.net")
        #expect(found("stalwart", Self.status(shared)) == "stalwart.other.ts.net")
    }

    @Test func `what a node calls itself is not its name`() {
        #expect(found("stalwart", Self.status(Self.peer("laptop", host: "stalwart"))) == "unknown")
    }

    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let status: TailnetStatus
        let expected: String
    }

    @Test(arguments: [
        Case(
            testDescription: "the name is gone, and a number was added to it", status: status(peer("stalwart-1")),
            expected: "renamed stalwart-1.tail1234.ts.net"),
        Case(
            testDescription: "older Headscale adds letters; the host name tells",
            status: status(peer("stalwart-zj4yotmv", host: "stalwart")),
            expected: "renamed stalwart-zj4yotmv.tail1234.ts.net"),
        Case(
            testDescription: "letters without the host name are another machine",
            status: status(peer("stalwart-test", host: "test")), expected: "unknown"),
        Case(
            testDescription: "a number in another tailnet is another machine",
            status: status(peer("stalwart-1.other.ts.net")), expected: "unknown"),
        Case(
            testDescription: "the old one is offline, the new one online",
            status: status(
                peer("stalwart", host: "stalwart", online: false, created: 1),
                peer("stalwart-1", host: "stalwart", created: 2)), expected: "renamed stalwart-1.tail1234.ts.net"),
        Case(
            testDescription: "the old one has expired, the new one is online",
            status: status(peer("stalwart", expired: true), peer("stalwart-1", host: "stalwart")),
            expected: "renamed stalwart-1.tail1234.ts.net"),
        Case(
            testDescription: "the second mailbox is offline as well",
            status: status(peer("stalwart", online: false), peer("stalwart-1", host: "stalwart", online: false)),
            expected: "stalwart.tail1234.ts.net"),
        Case(
            testDescription: "a machine that is called so on purpose is no successor",
            status: status(peer("stalwart", online: false), peer("stalwart-2", host: "stalwart-2")),
            expected: "stalwart.tail1234.ts.net"),
        Case(
            testDescription: "the one with the number is the older one",
            status: status(
                peer("stalwart", online: false, created: 2), peer("stalwart-1", host: "stalwart", created: 1)),
            expected: "stalwart.tail1234.ts.net"),
        Case(
            testDescription: "the name is well", status: status(peer("stalwart"), peer("stalwart-1", host: "stalwart")),
            expected: "stalwart.tail1234.ts.net"),
        Case(
            testDescription: "of several, the one that is online",
            status: status(peer("stalwart-1"), peer("stalwart-2", online: false, created: 9)),
            expected: "renamed stalwart-1.tail1234.ts.net"),
        Case(
            testDescription: "of several, the one that joined last",
            status: status(peer("stalwart-1", created: 1), peer("stalwart-2", created: 2)),
            expected: "renamed stalwart-2.tail1234.ts.net"),
        Case(
            testDescription: "of several, the higher number", status: status(peer("stalwart-9"), peer("stalwart-10")),
            expected: "renamed stalwart-10.tail1234.ts.net"),
    ])
    func `a successor is found for a person to read`(example: Case) {
        #expect(found("stalwart", example.status) == example.expected)
        #expect(found("stalwart.tail1234.ts.net", example.status) == example.expected)
    }

    @Test func `only the exact name is dialled, also when it is offline`() {
        let names = ["stalwart.tail1234.ts.net", "Stalwart", "web.example.org"]
        let status = Self.status(Self.peer("stalwart", online: false), Self.peer("stalwart-1", host: "stalwart"))
        #expect(
            status.addresses(for: names) == [
                "stalwart.tail1234.ts.net": [.v4(0x6440_0003)], "Stalwart": [.v4(0x6440_0003)],
            ])
        #expect(Self.status(Self.peer("stalwart-1")).addresses(for: names) == [:])
    }

    @Test(arguments: [BackendState.stopped, .needsLogin, .starting, .unknown("X")])
    func `while tailscaled does not run it has no word on addresses`(state: BackendState) {
        #expect(Self.status(Self.peer("stalwart"), state: state).addresses(for: ["stalwart"]) == nil)
    }
}
