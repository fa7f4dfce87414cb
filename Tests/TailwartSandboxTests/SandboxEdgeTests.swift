import TailwartCore
import TailwartWire
import Testing

@testable import TailwartSandbox

/// What `tailwart try` opens. That mail passes is in the tests of the command.
@Suite struct SandboxEdgeTests {
    private static let sandbox = SandboxPorts(
        smtp: 1, submission: 2, submissions: 3, imaps: 4, https: 5, web: 6, echo: 7)

    /// A port of its own for each listener.
    private static func addresses(of listener: String) -> [InternetAddress] {
        [InternetAddress(.loopbackV4, port: UInt16(1000 + listener.utf8.count))]
    }

    @Test func `nobody else can come to it`() {
        let binds = SandboxEdge.configuration(Self.sandbox).listeners.flatMap(\.bind)
        #expect(!binds.isEmpty)
        for bind in binds {
            guard case .internet(let address) = bind else {
                Issue.record("\(bind)")
                continue
            }
            #expect(address.ip.isLoopback)
        }
    }

    @Test func `mail goes to its own port with a header, 443 without one and by name`() {
        let ways = SandboxEdge.configuration(Self.sandbox).ways
        #expect(
            ways.map { "\($0.listener.name) \($0.port ?? 0) \($0.proxyProtocol.version)" } == [
                "smtp 1 v2", "submission 2 v2", "submissions 3 v2", "imaps 4 v2", "https 5 none", "https 6 none",
                "echo 7 v2",
            ])
    }

    @Test func `ports are those on which the edge listens, or there is none`() throws {
        let edge = try #require(SandboxEdge(addresses: Self.addresses))
        #expect(
            edge.ports
                == EdgePorts(smtp: 1004, submissions: 1011, imaps: 1005, https: 1005, echo: 1004, smtpV6: nil))
        for port in ["127.0.0.1:1004", "127.0.0.1:1010", "127.0.0.1:1011", "127.0.0.1:1005"] {
            #expect(edge.introduction(hasColours: false).contains(port))
        }
        #expect(SandboxEdge { $0 == "imaps" ? [] : Self.addresses(of: $0) } == nil)
    }
}
