import Foundation

/// `tailwart run` with a configuration of the test's own.
struct EdgeProcess: Sendable {
    let process: ChildProcess

    /// - Parameters:
    ///   - configuration: YAML; the log's format is added.
    ///   - ports: the ports that it makes the edge listen on.
    init(on host: TestHost, ports: [UInt16], _ configuration: String) async throws {
        let file = host.folder.file("tailwart.yaml")
        try file.write(configuration + "\nlog: {format: json}\n")
        self.process = try host.start("tailwart", try .edge(), ["run", "--config", file.path])
        try await ListeningPorts.wait(for: ports, of: process)
    }

    /// The records so far; other lines of the log are left out.
    var records: [EdgeRecord] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return (process.output.lines + process.errors.lines)
            .compactMap { try? decoder.decode(EdgeRecord.self, from: Data($0.utf8)) }
    }

    /// Waits for the record of the connection from this client, an address without its port.
    func record(of client: String) async throws -> EdgeRecord {
        let prefix = client.contains(":") ? "[\(client)]:" : "\(client):"
        return try await eventually("the edge writes a record for \(client)") {
            records.first { $0.client.hasPrefix(prefix) }
        }
    }
}
