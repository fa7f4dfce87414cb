import NIOPosix
import TailwartConfig
import TailwartCore
import TailwartTailnet
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartPreflight

/// States of tailscaled, as a fake one tells them over its socket.
@Suite struct TailnetCheckTests {
    /// Seconds since 1970, in 2026.
    private static let now = 1_780_000_000

    private static func configuration(_ endpoint: String, via: String = "direct", socket: String) throws
        -> Configuration
    {
        let text = """
            tailscale: {socket: \(socket)}
            upstreams: {mailbox: {endpoints: ["\(endpoint)"], via: \(via)}}
            listeners: [{name: smtp, bind: [":25"], to: mailbox}]
            """
        let result = Configuration.load(text: text, file: "test.yaml", environment: [:])
        return try #require(result.configuration, "\(result.problems)")
    }

    private static func findings(
        _ endpoint: String = "stalwart.tail1234.ts.net", via: String = "direct", edgeTag: String = "tag:edge",
        isThere: Bool = true, _ change: (inout FakeTailscaled.Tailnet) -> Void
    ) async throws -> [Finding] {
        let tailscaled = try FakeTailscaled(isThere: isThere)
        defer { tailscaled.close() }
        tailscaled.update(change)
        let check = try #require(
            TailnetCheck(try configuration(endpoint, via: via, socket: tailscaled.path), edgeTag: edgeTag))
        let answer: Result<TailnetStatus, LocalAPIError>
        do throws(LocalAPIError) {
            let api = LocalAPI(socket: tailscaled.path, group: MultiThreadedEventLoopGroup.singleton)
            answer = .success(try await api.status(timeout: .seconds(30)))
        } catch {
            answer = .failure(error)
        }
        return check.findings(answer, at: now)
    }

    @Test func `all is well`() async throws {
        let findings = try await Self.findings { $0["stalwart.tail1234.ts.net"]?.path = .direct("198.51.100.7:41641") }
        #expect(findings.map(\.result) == [.pass, .pass, .pass])
        #expect(findings.map(\.check) == [.tailnet, .tailnet, .peer])
        #expect(findings[0].detail == "Running; this host is edge.tail1234.ts.net, 100.64.0.2, fd7a:115c:a1e0::2.")
        #expect(findings[2].detail.hasSuffix("direct to 198.51.100.7:41641."))
    }

    @Test(arguments: ["NeedsLogin", "NeedsMachineAuth", "Stopped", "Starting", "NoState", "Surprise"])
    func `a tailscaled that does not run is the one thing said`(state: String) async throws {
        let findings = try await Self.findings { $0.backendState = state }
        #expect(findings.map(\.result) == [.fail])
        #expect(findings[0].detail.hasPrefix("tailscaled ") && findings[0].fix != nil)
    }

    @Test(arguments: [
        ("stalwart.tail1234.ts.net", "direct", Finding.Result.fail), ("stalwart", "direct", .fail),
        ("100.64.0.3", "direct", .fail), ("mail.example.org", "direct", .unknown),
        ("mail.example.org", "tailscale", .fail),
    ])
    func `a tailscaled that is missing matters where something needs it`(
        endpoint: String, via: String, expected: Finding.Result
    ) async throws {
        let findings = try await Self.findings(endpoint, via: via, isThere: false) { _ in }
        #expect(findings.map(\.result) == [expected])
        #expect(findings[0].detail.hasPrefix("tailscaled is not there"))
    }

    @Test func `an edge without a tag loses its key one day`() async throws {
        let findings = try await Self.findings {
            $0.own.tags = []
            $0.own.keyExpiry = "2026-06-07T20:26:40Z"
        }
        #expect(findings[1].result == .warn)
        #expect(findings[1].detail.contains("no tag: its key expires in 10 days"), "\(findings[1])")
        let other = try await Self.findings(edgeTag: "tag:reverse-proxy") { _ in }
        #expect(other[1].result == .warn && other[1].detail == "This host has tag:edge and not tag:reverse-proxy.")
        let expired = try await Self.findings { $0.own.isExpired = true }
        #expect(expired[1].detail == "This host has tag:edge.", "\(expired[1])")
        #expect(expired[0].result == .fail)
    }

    @Test(arguments: [
        ("unknown", "no such node"), ("offline", "offline"), ("expired", "key has expired"), ("renamed", "stalwart-1"),
        ("userspace", "userspace mode"),
    ])
    func `a mailbox that cannot be reached fails with its reason`(state: String, words: String) async throws {
        let findings = try await Self.findings { tailnet in
            let name = "stalwart.tail1234.ts.net"
            switch state {
            case "unknown": tailnet[name] = nil
            case "offline": tailnet[name]?.isOnline = false
            case "expired": tailnet[name]?.isExpired = true
            case "renamed":
                var node = tailnet[name]
                tailnet[name]?.isOnline = false
                node?.name = "stalwart-1.tail1234.ts.net"
                node?.hostName = "stalwart"
                tailnet["stalwart-1.tail1234.ts.net"] = node
            default: tailnet.usesTUN = false
            }
        }
        let peer = try #require(findings.last)
        #expect(peer.check == .peer && peer.result == .fail && peer.detail.contains(words), "\(peer)")
        #expect(peer.fix != nil)
    }

    @Test func `a path over DERP and a complaint are warnings`() async throws {
        let findings = try await Self.findings {
            $0.health = ["no DNS"]
            $0["stalwart.tail1234.ts.net"]?.path = .derp
        }
        #expect(findings.map(\.result) == [.pass, .pass, .warn, .warn])
        #expect(findings[3].detail.contains("over DERP fra"))
    }

    @Test func `a peer is found by its address too, and a name of the DNS is not looked for`() async throws {
        let known = try await Self.findings("100.64.0.3") { _ in }
        #expect(known.last?.check == .peer && known.last?.result == .pass)
        let unknown = try await Self.findings("100.64.0.9") { _ in }
        #expect(unknown.last?.check == .peer && unknown.last?.result == .fail)
        let name = try await Self.findings("mail.example.org") { _ in }
        #expect(!name.contains { $0.check == .peer })
    }

    @Test func `a file that has nothing to do with a tailnet asks nobody`() throws {
        let lan = try Self.configuration("192.168.1.20", socket: "/none")
        #expect(TailnetCheck(lan, edgeTag: "tag:edge") == nil)
        var off = try Self.configuration("stalwart.tail1234.ts.net", socket: "/none")
        off.tailscale = nil
        #expect(TailnetCheck(off, edgeTag: "tag:edge") == nil)
    }
}
