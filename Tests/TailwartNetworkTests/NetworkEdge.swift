import Foundation
import TailwartTesting

/// `tailwart run` between the internet and the tailnet, and its log.
struct NetworkEdge: Sendable {
    let process: ChildProcess

    /// Waits until it listens.
    ///
    /// - Parameters:
    ///   - name: of its output; each start needs another.
    ///   - ports: the ports that the configuration makes it listen on.
    ///   - configuration: YAML without `log` and `workers`.
    init(_ name: String = "tailwart", in network: TestNetwork, ports: [UInt16], _ configuration: String) async throws {
        let file = network.host.folder.file("\(name).yaml")
        // An edge of this machine may have the usual socket: a network namespace has the same files.
        let admin = configuration.contains("admin:") ? "" : "admin: {socket: off}\n"
        try file.write(configuration + "\n\(admin)workers: 1\nlog: {format: json}\n")
        let process = try network.edge.start(name, Program.edge(), ["run", "--config", file.path])
        self.process = process
        try await ListeningPorts.wait(for: ports, of: process)
    }

    /// One line of its log; what is read of it.
    struct Line: Decodable, Sendable {
        let message: String
        /// Of an event: `verdict`, `health`, `tailnet`.
        let event: String?
        let ports: [Int]?
        let verdict: String?
        let grade: String?
        let cause: String?
        let fix: String?
        /// Of a connection.
        let listener: String?
        let client: String?
        let serverName: String?
        let upstreamAddress: String?
        let bytesIn: Int?
        let bytesOut: Int?
        let endedBy: String?
        let reason: String?
    }

    var lines: [Line] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return process.output.lines.compactMap { try? decoder.decode(Line.self, from: Data($0.utf8)) }
    }

    /// Verdicts on a dialled port, in their order.
    func verdicts(on port: UInt16) -> [String] {
        lines.compactMap { $0.ports?.contains(Int(port)) ?? false ? $0.verdict : nil }
    }

    /// Waits for a verdict on a dialled port.
    ///
    /// - Parameter count: of verdicts before it that do not count.
    @discardableResult
    func verdict(_ verdict: String, on port: UInt16, after count: Int = 0) async throws -> Line {
        try await eventually("the verdict \(verdict) on port \(port)") {
            lines.filter { $0.verdict != nil && $0.ports?.contains(Int(port)) ?? false }.dropFirst(count)
                .first { $0.verdict == verdict }
        }
    }

    /// Waits for a line with this in its message.
    @discardableResult
    func line(containing text: String) async throws -> Line {
        try await eventually("the edge logs '\(text)'") { lines.first { $0.message.contains(text) } }
    }

    /// Waits for the record of a connection.
    func record(_ what: String, where isIt: (Line) -> Bool) async throws -> Line {
        try await eventually("a record of \(what)") { lines.first { $0.reason != nil && isIt($0) } }
    }
}
