import Foundation
import TailwartTesting

/// Debian's CrowdSec with its local API alone and everything that it has in the test's folder: no hub, no central API, nobody who reads logs.
struct CrowdSecServer: Sendable {
    let port: UInt16
    let process: ChildProcess
    /// A file with the key of a bouncer.
    let key: TextFile
    private let host: TestHost
    private let cscli: Program
    private let configuration: String

    init(on host: TestHost) async throws {
        self.host = host
        port = try FreePort.take()
        key = host.folder.file("crowdsec.key")
        cscli = try Self.program("cscli")
        let folder = try host.folder.makeFolder("crowdsec")
        for name in ["data", "hub", "notifications", "plugins"] {
            _ = try host.folder.makeFolder("crowdsec/\(name)")
        }
        for name in ["simulation", "console", "lapi", "acquis"] {
            try host.folder.file("crowdsec/\(name).yaml").write("")
        }
        try host.folder.file("crowdsec/hub/.index.json").write("{}")
        try host.folder.file("crowdsec/profiles.yaml").write(
            """
            name: default
            decisions: [{type: ban, duration: 4h}]
            on_success: break

            """)
        let file = host.folder.file("crowdsec/config.yaml")
        configuration = file.path
        try file.write(
            """
            common: {daemonize: false, log_media: stdout, log_level: info, working_dir: \(folder)}
            config_paths:
              config_dir: \(folder)
              data_dir: \(folder)/data
              simulation_path: \(folder)/simulation.yaml
              hub_dir: \(folder)/hub
              index_path: \(folder)/hub/.index.json
              notification_dir: \(folder)/notifications
              plugin_dir: \(folder)/plugins
            cscli: {output: raw}
            db_config: {type: sqlite, db_path: \(folder)/data/crowdsec.db, use_wal: false}
            api:
              client: {credentials_path: \(folder)/lapi.yaml}
              server: {listen_uri: "127.0.0.1:\(port)", profiles_path: \(folder)/profiles.yaml}
            prometheus: {enabled: false}

            """)
        try key.write("0123456789abcdef\n")
        chmod(key.path, 0o600)
        process = try host.start("crowdsec", Self.program("crowdsec"), ["-c", configuration, "-no-cs"])
        try await ListeningPorts.wait(for: [port], of: process)
        try await order("machines", "add", "test", "--password", "0123456789abcdef", "-f", "\(folder)/lapi.yaml")
        try await order("bouncers", "add", "edge", "-k", "0123456789abcdef")
    }

    /// What `cscli` does.
    func order(_ words: String...) async throws {
        let order = try ChildProcess("cscli", cscli, ["-c", configuration] + words, in: host.folder)
        guard try await order.exitCode() == 0 else { throw TestFailure("cscli \(words): \(order.tail)") }
    }

    /// Unpacked and not installed, since its installation asks for its maker's server.
    private static func program(_ name: String) throws -> Program {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
        return try Program(name, package: "crowdsec", in: ["\(root.path)/.build/debian/crowdsec/usr/bin"])
    }
}
