import Glibc
import Synchronization
import TailwartCore
import TailwartSystem
import TailwartTesting
import TailwartWire

@testable import TailwartControl

/// An edge with a ledger, and what it said. A test ends it with ``finish()``, and calls it on a thread of its own.
final class RunningEdge: Sendable {
    private final class Said: Sendable {
        let events = Mutex<[EdgeEvent]>([])
    }

    let edge: Edge
    private let ledger: Ledger
    private let said: Said
    private let reader: Thread

    /// - Parameter log: a descriptor to write the log to.
    init(_ configuration: Configuration, log: CInt? = nil) throws {
        Signals.ignoreBrokenPipes()
        let (said, ledger) = (Said(), try Ledger())
        let subscription = try ledger.subscribe(from: .info)
        let writer = try log.map { try LineWriter(configuration.log, of: ledger, output: $0) }
        try ledger.start()
        reader = try Thread(name: "reader") {
            while let entries = subscription.next() {
                for case .event(let event, _) in entries { said.events.withLock { $0.append(event) } }
            }
        }
        (self.said, self.ledger) = (said, ledger)
        edge = try Edge(configuration, ledger: ledger, log: writer)
    }

    /// So far.
    var events: [EdgeEvent] { said.events.withLock { $0 } }
    var names: [String] { events.map(\.kind.name) }

    /// That new connections are served by.
    var topology: Topology { edge.maker.current(edge.apply) }

    func reload(_ configuration: Configuration) throws -> ReloadOutcome {
        try edge.reload { .good(configuration, warnings: []) }
    }

    func post(_ event: EdgeEvent) { ledger.post(event) }

    @discardableResult
    func eventually<Value>(_ what: String, _ attempt: () throws -> Value?) throws -> Value {
        let deadline = Clock.monotonic() + 60_000_000
        while true {
            if let value = try attempt() { return value }
            guard Clock.monotonic() < deadline else { throw TestFailure("took too long: \(what)") }
            usleep(5000)
        }
    }

    func finish() {
        edge.stop()
        ledger.finish()
        reader.join()
    }
}

extension Configuration {
    /// One upstream, and listeners on ports of loopback, by name in the order of the names.
    static func echoing(to mailbox: FakeMailbox, _ listeners: [String: [UInt16]], workers: Int = 1) -> Configuration {
        Configuration(
            workers: workers, tailscale: nil,
            upstreams: [
                Upstream(
                    name: "mailbox", endpoints: [Endpoint(.address(mailbox.address.ip), port: mailbox.address.port)],
                    proxyProtocol: ProxyProtocolOut(.none), health: nil)
            ],
            listeners: listeners.sorted { $0.key < $1.key }.map { name, ports in
                Listener(
                    name: name, bind: ports.map { .internet(.loopback($0)) }, proto: .smtp,
                    routes: [Route(to: .upstream("mailbox", port: nil))])
            })
    }
}

extension InternetAddress {
    static func loopback(_ port: UInt16) -> InternetAddress { InternetAddress(.loopbackV4, port: port) }
}

extension FakeMailbox {
    /// Sends back what it receives.
    static func echoing() throws -> FakeMailbox {
        try FakeMailbox { connection, _ in
            while true {
                let bytes = try connection.receive()
                if bytes.isEmpty { return }
                try connection.send(bytes)
            }
        }
    }
}

extension TestSocket {
    /// Sends a line to whoever sends it back.
    func exchange() throws {
        let line = Array("NOOP\r\n".utf8)
        try send(line)
        guard try receive(exactly: line.count) == line else { throw TestFailure("another line came back") }
    }
}
