package import Foundation

/// `tailwart run` with a configuration of the test's own.
package struct EdgeProcess: Sendable {
    package let process: ChildProcess

    /// Waits until the edge listens.
    ///
    /// - Parameters:
    ///   - configuration: YAML without `log`.
    ///   - ports: the ports that it makes the edge listen on.
    ///   - log: the value of `log`.
    ///   - wrapper: a command that runs the command in its further arguments in its own place, as `env` does.
    ///   - output: standard output; a file if nil.
    package init(
        on host: TestHost, ports: [UInt16], log: String = "{format: json}", under wrapper: [String] = [],
        output: Pipe? = nil, _ configuration: String
    ) async throws {
        let file = host.folder.file("tailwart.yaml")
        // The usual socket is one for the whole host.
        let admin = configuration.contains("admin:") ? "" : "admin: {socket: off}\n"
        try file.write(configuration + "\n\(admin)log: \(log)\n")
        let edge = try Program.edge()
        let arguments = ["run", "--config", file.path]
        if let first = wrapper.first {
            let program = try Program(first, package: "util-linux")
            process = try host.start("tailwart", program, wrapper.dropFirst() + [edge.path] + arguments, output: output)
        } else {
            process = try host.start("tailwart", edge, arguments, output: output)
        }
        try await ListeningPorts.wait(for: ports, of: process)
    }

    /// The records so far; other lines of the log are left out.
    package var records: [EdgeRecord] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return (process.output.lines + process.errors.lines)
            .compactMap { try? decoder.decode(EdgeRecord.self, from: Data($0.utf8)) }
    }

    /// Waits for the record of the connection from this client, an address without its port.
    package func record(of client: String) async throws -> EdgeRecord {
        let prefix = client.contains(":") ? "[\(client)]:" : "\(client):"
        return try await eventually("the edge writes a record for \(client)") {
            records.first { $0.client.hasPrefix(prefix) }
        }
    }
}

/// What these tests read of the edge's record lines.
package struct EdgeRecord: Decodable, Sendable {
    package let listener: String
    package let client: String
    package let serverName: String?
    package let upstream: String?
    package let upstreamAddress: String?
    package let bytesIn: Int
    package let bytesOut: Int
    package let endedBy: String
    package let reason: String
}
