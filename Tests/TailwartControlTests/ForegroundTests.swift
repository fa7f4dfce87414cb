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
@Suite struct ForegroundTests {
    private static func edge(to mailbox: TestListener, _ ledger: Ledger) throws -> Edge {
        let address = try mailbox.address
        return try Edge(
            Configuration(
                workers: 1,
                upstreams: [
                    UpstreamConfiguration(
                        name: "mailbox", endpoints: [EndpointConfiguration(.address(address.ip), port: address.port)],
                        proxyProtocol: ProxyProtocolOut(.none), health: nil)
                ],
                listeners: [
                    ListenerConfiguration(
                        name: "smtp", bind: [.internet(InternetAddress(.loopbackV4, port: 0))], proto: .smtp,
                        routes: [RouteConfiguration(to: .upstream("mailbox", port: nil))])
                ]), ledger: ledger)
    }

    private static func names(_ subscription: Subscription) -> [String] {
        var names: [String] = []
        while let entries = subscription.next() {
            for entry in entries {
                if case .event(let event, _) = entry { names.append(event.kind.name) } else { names.append("record") }
            }
        }
        return names
    }

    @Test func `an edge ends with its last connection, long before the drain is over`() async throws {
        let mailbox = try TestListener()
        let ledger = try Ledger()
        let subscription = try ledger.subscribe(from: .info)
        try ledger.start()
        let edge = try Self.edge(to: mailbox, ledger)
        let client = try TestSocket.connect(to: try #require(edge.sockets.first?.address))
        let upstream = try mailbox.accept()
        let failure = Mutex<SystemError?>(nil)
        let thread = try Thread(name: "serve") {
            do throws(SystemError) {
                try Foreground.serve(edge, ledger: ledger, drain: .seconds(3600), limit: .zero)
            } catch {
                failure.withLock { $0 = error }
            }
            ledger.finish()
        }
        // The edge drains; what it has goes on.
        let listening = try #require(edge.sockets.first?.socket.raw)
        try await eventually("nobody new comes in") { () -> Bool? in
            var accepts: CInt = 1
            var size = socklen_t(MemoryLayout<CInt>.size)
            getsockopt(listening, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &size)
            return accepts == 0 ? true : nil
        }
        try client.send([1])
        #expect(try upstream.receive(exactly: 1) == [1])
        client.finish()
        upstream.finish()
        #expect(Self.names(subscription) == ["draining", "record", "stopped"])
        thread.join()
        #expect(failure.withLock { $0 == nil })
        client.close()
        upstream.close()
    }

    @Test func `an edge without connections has nothing to wait for`() throws {
        let mailbox = try TestListener()
        let ledger = try Ledger()
        let subscription = try ledger.subscribe(from: .info)
        try ledger.start()
        let edge = try Self.edge(to: mailbox, ledger)
        try Foreground.serve(edge, ledger: ledger, drain: .seconds(3600), limit: .zero)
        let thread = try Thread(name: "finish") { ledger.finish() }
        #expect(Self.names(subscription) == ["draining", "stopped"])
        thread.join()
    }
}
