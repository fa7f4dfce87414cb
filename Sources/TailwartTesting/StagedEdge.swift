import Glibc
import Synchronization
package import TailwartCore
package import TailwartWire

/// An edge before what a test has staged, and all that it says of it.
///
/// What is said is read line by line: each has to be one that the test expects just then. Beside the stage the edge probes a place that does
/// nothing but count, so that a test can wait for as many rounds of probes as it wants to, and needs no clock.
package final class StagedEdge: Sendable {
    package let process: ChildProcess
    private let file: TextFile
    /// Its own ports, by those that it dials.
    private let doors: [UInt16: UInt16]
    private let counter: FakeMailbox
    /// Lines that were expected.
    private let heard = Mutex(0)

    private static let counting = "counter"

    /// What is behind it.
    package struct Upstream: Sendable {
        let name: String
        let endpoints: String
        let settings: String
        let ports: [(ListenerProtocol, UInt16)]

        /// - Parameters:
        ///   - settings: further keys of the upstream, each with a comma in front.
        ///   - health: the same of its `health`.
        ///   - ports: as it is dialled, each with a listener of the edge's own.
        package init(
            _ settings: String = "", name: String = "mailbox", at endpoints: String = "127.0.0.1",
            health: String = "", isProbed: Bool = true, ports: [(ListenerProtocol, UInt16)]
        ) {
            self.name = name
            self.endpoints = endpoints
            // Whoever names an interval of their own has it.
            let interval = health.contains("interval:") ? "" : ", interval: 1s"
            self.settings = ", health: \(isProbed ? "{timeout: 2s\(interval)\(health)}" : "off")\(settings)"
            self.ports = ports
        }
    }

    /// - Parameters:
    ///   - head: further YAML.
    ///   - names: what the listeners of `https` lead on, by name; all if empty.
    package convenience init(
        on host: TestHost, _ upstreams: Upstream..., head: String = "tailscale: off", names: [String] = []
    ) async throws {
        try await self.init(
            upstreams, on: host, head: head, names: names, counter: Self.counter()
        ) {
            try await EdgeProcess(on: host, ports: $0, "workers: 1\n" + $1).process
        }
    }

    /// - Parameter start: makes an edge of a configuration without `log` listen on these ports, with the file `tailwart.yaml` of the host.
    package init(
        _ upstreams: [Upstream], on host: TestHost, head: String, names: [String] = [],
        counter: FakeMailbox,
        start: ([UInt16], String) async throws -> ChildProcess
    ) async throws {
        self.counter = counter
        file = host.folder.file("tailwart.yaml")
        var doors: [UInt16: UInt16] = [:]
        var places: [String] = []
        var listeners: [String] = []
        let counted = Upstream(
            name: Self.counting, at: "\"\(counter.address.ip)\"", ports: [(.smtp, counter.address.port)])
        for upstream in upstreams + [counted] {
            places.append(
                "  \(upstream.name): {endpoints: [\(upstream.endpoints)]\(upstream.settings)}")
            for (proto, port) in upstream.ports {
                let door = try FreePort.take()
                doors[port] = door
                let target = "\"\(upstream.name):\(port)\""
                let routes =
                    proto == .https && !names.isEmpty
                    ? "routes: [{match: {sni: [\(names.joined(separator: ", "))]}, to: \(target)}]" : "to: \(target)"
                listeners.append(
                    "  - {name: l\(door), bind: [\"127.0.0.1:\(door)\"], protocol: \(proto.rawValue), \(routes)}")
            }
        }
        self.doors = doors
        process = try await start(
            Array(doors.values),
            """
            \(head)
            upstreams:
            \(places.joined(separator: "\n"))
            listeners:
            \(listeners.joined(separator: "\n"))
            """)
    }

    /// To be made where the edge will be.
    package static func counter() throws -> FakeMailbox {
        // Another from probe to probe, so that it is asked in each round and never rests, and no reason to turn it off.
        try FakeMailbox(.v4(0x7f00_0009)) { connection, number in
            let isBusy = number.isMultiple(of: 2)
            try connection.send(Array("\(isBusy ? "421 4.3.2" : "220") counting\r\n".utf8))
            // Who says goodbye is let go at once.
            while case let line = try connection.receive(), !line.isEmpty, !line.starts(with: "QUIT".utf8) {
                try connection.send(Array("250 counting\r\n".utf8))
            }
        }
    }

    /// Where a client comes in that is to get to that port.
    package func door(_ dialled: UInt16) -> InternetAddress { InternetAddress(.loopbackV4, port: doors[dialled] ?? 0) }

    /// Has the changed file read.
    package func reload(_ change: (String) -> String) throws {
        try file.write(change(file.text))
        process.send(SIGHUP)
    }

    /// Rounds of probes so far.
    package var rounds: Int { counter.served }

    private var said: [SaidLine] {
        SaidLine.all(of: process).filter { $0.upstream != Self.counting }
    }

    /// Waits until all of these are said, in any order, and nothing else.
    package func says(_ patterns: SaidLine.Pattern...) async throws {
        var missing = patterns
        try await eventually("the edge says \(patterns)", within: .seconds(100)) { () throws -> Bool? in
            try take { line in
                guard let index = missing.firstIndex(where: { $0.matches(line) }) else { return false }
                missing.remove(at: index)
                return true
            }
            return missing.isEmpty ? true : nil
        }
    }

    /// That nothing is said while so many rounds of probes are made.
    package func saysNothing(for rounds: Int = 4) async throws {
        let before = counter.served
        try await eventually("\(rounds) rounds of probes are made", within: .seconds(100)) { () throws -> Bool? in
            try take { _ in false }
            return counter.served >= before + rounds ? true : nil
        }
    }

    /// Takes what was said since the last time.
    private func take(_ isExpected: (SaidLine) -> Bool) throws {
        let said = said
        for line in said.dropFirst(heard.withLock { $0 }) {
            guard isExpected(line) else {
                let all = said.map { "\($0.event) \($0.ports ?? []): \($0.message)" }.joined(separator: "\n")
                throw TestFailure("the edge also says: \(line.message)\n\nall that was said:\n\(all)")
            }
            heard.withLock { $0 += 1 }
        }
    }
}
