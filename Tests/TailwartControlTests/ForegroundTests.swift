import Glibc
import Synchronization
import TailwartConfig
import TailwartCore
import TailwartEngine
import TailwartSystem
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartControl

/// The edge's life with a real edge; what it decides is in EdgeLifeTests, signals are sent to the real program in the tests of the commands.
@Suite(.ownThreads) struct ForegroundTests {
    private static func edge(to mailbox: TestListener, _ ledger: Ledger) throws -> Edge {
        let address = try mailbox.address
        return try Edge(
            Configuration(
                workers: 1,
                upstreams: [
                    Upstream(
                        name: "mailbox", endpoints: [Endpoint(.address(address.ip), port: address.port)],
                        proxyProtocol: ProxyProtocolOut(.none), health: nil)
                ],
                listeners: [
                    Listener(
                        name: "smtp", bind: [.internet(InternetAddress(.loopbackV4, port: 0))], proto: .smtp,
                        routes: [Route(to: .upstream("mailbox", port: nil))])
                ]), ledger: ledger)
    }

    /// An edge that is served on a thread of its own, for no time, and then drains for longer than any test; what it said, once it has
    /// ended. One that does not end fails a test and does not hang it.
    private final class Serving: Sendable {
        private struct State {
            var said: [String] = []
            var hasEnded = false
        }

        private let state = Mutex(State())

        init(_ edge: Edge, _ ledger: Ledger) throws {
            let subscription = try ledger.subscribe(from: .info)
            try ledger.start()
            _ = try Thread(name: "serve") {
                do throws(SystemError) {
                    try Foreground.serve(edge, ledger: ledger, drain: .seconds(3600), limit: .zero)
                } catch {
                    self.state.withLock { $0.said.append("\(error)") }
                }
                ledger.finish()
            }
            _ = try Thread(name: "reader") {
                while let entries = subscription.next() {
                    self.state.withLock { $0.said += entries.map(Self.name) }
                }
                self.state.withLock { $0.hasEnded = true }
            }
        }

        private static func name(_ entry: LedgerEntry) -> String {
            if case .event(let event, _) = entry { event.kind.name } else { "record" }
        }

        func said() async throws -> [String] {
            try await eventually("the edge ends") { self.state.withLock { $0.hasEnded ? $0.said : nil } }
        }
    }

    @Test func `an edge ends with its last connection, long before the drain is over`() async throws {
        let mailbox = try TestListener()
        let ledger = try Ledger()
        let edge = try Self.edge(to: mailbox, ledger)
        let client = try TestSocket.connect(to: try #require(edge.addresses(of: "smtp").first))
        let upstream = try mailbox.accept()
        let serving = try Serving(edge, ledger)
        // The edge drains; what it has goes on.
        try await eventually("the doors are let go") { edge.listeners.sockets.isEmpty ? true : nil }
        try client.send([1])
        #expect(try upstream.receive(exactly: 1) == [1])
        client.finish()
        upstream.finish()
        #expect(try await serving.said() == ["draining", "record", "stopped"])
        client.close()
        upstream.close()
    }

    @Test func `an edge without connections has nothing to wait for`() async throws {
        let ledger = try Ledger()
        let serving = try Serving(try Self.edge(to: try TestListener(), ledger), ledger)
        #expect(try await serving.said() == ["draining", "stopped"])
    }
}
