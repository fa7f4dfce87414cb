import Glibc
package import TailwartCore
package import TailwartEngine
import TailwartSystem
package import TailwartWire

/// A running engine on free loopback ports, for one test. Only the test's own thread uses it.
package final class EngineHarness {
    package let engine: Engine
    /// What the engine serves; see ``apply(_:)``.
    package private(set) var snapshot: Snapshot
    /// By listener, in the order of its `bind`; nil for a unix socket.
    package let addresses: [[InternetAddress?]]
    private let sockets: [Owner]
    private var seen = 0

    private final class Owner {
        var socket: ListeningSocket

        init(_ socket: consuming ListeningSocket) { self.socket = socket }
    }

    fileprivate init(_ snapshot: Snapshot, workers: Int) throws {
        // Splicing into a socket whose peer is gone would end the process; the edge ignores the signal too.
        Signals.block([])
        var sockets: [Owner] = []
        var listenerSockets: [ListenerSocket] = []
        var addresses: [[InternetAddress?]] = []
        do {
            for (index, listener) in snapshot.listeners.enumerated() {
                addresses.append([])
                for bind in listener.bind {
                    let owner = Owner(try Self.open(bind))
                    listenerSockets.append(ListenerSocket(owner.socket, listener: index))
                    addresses[index].append(owner.socket.address)
                    sockets.append(owner)
                }
            }
            engine = try Engine(
                snapshot: snapshot, sockets: listenerSockets, workers: workers, idSeed: 0xfeed_0000_0000_0000,
                recordReader: Waker())
        } catch {
            for owner in sockets { owner.socket.close() }
            throw error
        }
        self.snapshot = snapshot
        self.addresses = addresses
        self.sockets = sockets
    }

    private static func open(_ bind: BindAddress) throws(SystemError) -> ListeningSocket {
        switch bind {
        case .any(let port): try ListeningSocket(InternetAddress(.anyV6, port: port), dualStack: true)
        case .internet(let address): try ListeningSocket(address)
        case .unix(let path): try ListeningSocket(unixPath: path)
        }
    }

    /// The first address of a listener.
    package func address(_ listener: Int = 0) throws -> InternetAddress {
        guard let address = addresses[listener][0] else { throw TestFailure("a unix socket has no address") }
        return address
    }

    /// A client of a listener.
    package func connect(_ listener: Int = 0, from source: IPAddress? = nil) throws -> TestSocket {
        try TestSocket.connect(to: address(listener), from: source)
    }

    /// The record of the next connection that ends.
    package func nextRecord() throws -> SeenRecord {
        try eventually("a record") { pop() }
    }

    /// Takes `count` records, in the order in which they come.
    package func records(_ count: Int) throws -> [SeenRecord] {
        try (0..<count).map { _ in try nextRecord() }
    }

    /// Whether no record waits to be read.
    package var hasNoRecord: Bool { engine.records.allSatisfy(\.isEmpty) }

    /// Waits until so many connections are open.
    package func waitForLive(_ count: Int) throws {
        try eventually("\(count) live connections") { engine.counters.live == count ? true : nil }
    }

    /// Waits until so many connections have been accepted.
    package func waitForAccepted(_ count: Int) throws {
        try eventually("\(count) accepted connections") { engine.counters.accepted == count ? true : nil }
    }

    /// Serves new connections with other upstreams.
    package func apply(upstreams: [Upstream]) {
        snapshot = Snapshot(
            listeners: snapshot.listeners, upstreams: upstreams, maxConnections: snapshot.maxConnections)
        engine.apply(snapshot)
    }

    /// Waits for a value, asking again and again.
    @discardableResult
    package func eventually<Value>(_ what: String, _ attempt: () throws -> Value?) throws -> Value {
        let deadline = Clock.monotonic() + UInt64(TestSocket.patience) * 1000
        while true {
            if let value = try attempt() { return value }
            guard Clock.monotonic() < deadline else { throw TestFailure.tookTooLong(what) }
            usleep(1000)
        }
    }

    private func pop() -> SeenRecord? {
        for ring in engine.records {
            guard let record = ring.pop() else { continue }
            seen += 1
            return SeenRecord(taking: record)
        }
        return nil
    }

    fileprivate func close() throws {
        engine.stop()
        engine.join()
        for owner in sockets { owner.socket.close() }
        while pop() != nil {}
        let counters = engine.counters
        guard counters.live == 0 else { throw TestFailure("\(counters.live) connections are live after the end") }
        guard seen + counters.lostRecords == counters.accepted else {
            throw TestFailure("\(counters.accepted) connections left \(seen) + \(counters.lostRecords) records")
        }
    }
}

/// Runs a test against an engine, ends it, and checks that each connection has left exactly one record.
package func withEngine(
    listeners: [Listener] = [.test()], upstreams: [Upstream], workers: Int = 1, maxConnections: Int = 10_000,
    _ body: (EngineHarness) throws -> Void
) throws {
    let snapshot = Snapshot(listeners: listeners, upstreams: upstreams, maxConnections: maxConnections)
    let harness = try EngineHarness(snapshot, workers: workers)
    do {
        try body(harness)
    } catch {
        try? harness.close()
        throw error
    }
    try harness.close()
}
