import Glibc
package import TailwartCore
package import TailwartEngine
package import TailwartSystem
package import TailwartWire

/// A running engine on free loopback ports, for one test. Only the test's own thread uses it.
package final class EngineHarness {
    package let engine: Engine
    /// What the engine serves; see ``apply(_:)``.
    package private(set) var topology: Topology
    private var configuration: Configuration
    /// By listener, in the order of its `bind`; nil for a unix socket.
    package let addresses: [[InternetAddress?]]
    private var seen = 0

    fileprivate init(_ configuration: Configuration, workers: Int) throws {
        // Splicing into a socket whose peer is gone would end the process; the edge ignores the signal too.
        Signals.block([])
        let topology = Topology(configuration, addresses: Endpoint.addresses(ofTestName:))
        let sockets = try topology.frontends.map { try $0.doors.map { try Self.open($0.key) } }
        engine = try Engine(
            topology: topology, sockets: sockets.flatMap(\.self), workers: workers, idSeed: 0xfeed_0000_0000_0000,
            recordReader: Waker())
        self.topology = topology
        self.configuration = configuration
        addresses = sockets.map { $0.map(\.address) }
    }

    package static func open(_ door: Door.Key) throws(SystemError) -> DoorSocket {
        let socket =
            switch door.bind {
            case .any(let port): try ListeningSocket(InternetAddress(.anyV6, port: port), dualStack: true)
            case .internet(let address): try ListeningSocket(address)
            case .unix(let path): try ListeningSocket(unixPath: path)
            }
        return DoorSocket(socket, of: door)
    }

    /// The place of an endpoint of the first upstream, as the first route that leads there reaches it.
    package func place(_ endpoint: Int = 0) throws -> Place {
        let approach = topology.approaches.first {
            $0.backend.name == Upstream.testName(0)
                && $0.place.key.endpoint == $0.backend.endpoints[endpoint].name
        }
        guard let approach else { throw TestFailure("no route leads to endpoint \(endpoint)") }
        return approach.place
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

    /// Serves new connections with other upstreams.
    package func apply(upstreams: [Upstream]) {
        configuration.upstreams = Configuration.named(upstreams)
        apply(configuration)
    }

    /// Serves new connections with another configuration.
    package func apply(_ configuration: Configuration, opening sockets: [DoorSocket] = []) {
        self.configuration = configuration
        topology = Topology(configuration, addresses: Endpoint.addresses(ofTestName:), carrying: topology)
        engine.apply(topology, opening: sockets)
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
    tailscale: String? = nil, _ body: (EngineHarness) throws -> Void
) throws {
    let configuration = Configuration(
        maxConnections: maxConnections, tailscale: tailscale.map { TailscaleSettings(socket: $0) },
        upstreams: Configuration.named(upstreams), listeners: Configuration.named(listeners))
    let harness = try EngineHarness(configuration, workers: workers)
    do {
        try body(harness)
    } catch {
        try? harness.close()
        throw error
    }
    try harness.close()
}

extension Configuration {
    /// By position: most tests have one or two.
    package static func named(_ upstreams: [Upstream]) -> [Upstream] {
        upstreams.enumerated().map { position, upstream in
            var upstream = upstream
            upstream.name = Upstream.testName(position)
            return upstream
        }
    }

    package static func named(_ listeners: [Listener]) -> [Listener] {
        listeners.enumerated().map { position, listener in
            var listener = listener
            listener.name = "listener\(position)"
            return listener
        }
    }
}
