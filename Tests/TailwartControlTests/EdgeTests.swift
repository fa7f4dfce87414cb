import Synchronization
import TailwartCore
import TailwartEngine
import TailwartSystem
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartControl

@Suite(.ownThreads) struct EdgeTests {
    /// A host that is the edge itself, as an address or by its name, and whether it is probed.
    private struct Loop: Sendable, CustomTestStringConvertible {
        let host: Endpoint.Host
        let isProbed: Bool

        var testDescription: String { "\(host.text)\(isProbed ? ", probed" : "")" }
    }

    private static let loops = [
        Endpoint.Host.address(.loopbackV4), .address(.anyV4), .address(IPAddress.loopbackV4.mapped), .name("localhost"),
    ].flatMap { [Loop(host: $0, isProbed: false), Loop(host: $0, isProbed: true)] }

    @Test(arguments: loops)
    private func `an edge does not dial itself, neither for a client nor to probe, and says so`(loop: Loop) async throws
    {
        let port = try FreePort.take()
        let ledger = try Ledger()
        let subscription = try ledger.subscribe(from: .info)
        try ledger.start()
        let said = Mutex<[Verdict]>([])
        let reader = try Thread(name: "reader") {
            while let entries = subscription.next() {
                for case .event(.verdict(let found), _) in entries {
                    said.withLock { $0.append(found.verdict) }
                }
            }
        }
        let edge = try Edge(
            Configuration(
                workers: 1, tailscale: nil,
                upstreams: [
                    Upstream(
                        name: "mailbox", endpoints: [Endpoint(loop.host)], proxyProtocol: ProxyProtocolOut(.none),
                        health: loop.isProbed ? HealthSettings() : nil)
                ],
                listeners: [
                    Listener(
                        name: "smtp", bind: [.internet(InternetAddress(.loopbackV4, port: port))], proto: .smtp,
                        routes: [Route(to: .upstream("mailbox", port: nil))])
                ]), ledger: ledger)
        try await eventually("it is said") { said.withLock { $0.contains(.ownAddress) ? true : nil } }
        let client = try TestSocket.connect(to: InternetAddress(.loopbackV4, port: port))
        let (bytes, end) = try client.receiveToEnd()
        #expect(String(decoding: bytes, as: UTF8.self).hasPrefix("421 4.3.2 "))
        #expect(end == .finished)
        #expect(edge.counters.accepted == 1)
        client.close()
        edge.stop()
        ledger.finish()
        reader.join()
    }
}
