import TailwartTesting

/// Debian's HAProxy on a high port: a proxy on the way, in front of the edge or behind it, or a web server.
struct HAProxyServer: Sendable {
    let port: UInt16
    let process: ChildProcess

    /// - Parameters:
    ///   - name: of its files.
    ///   - bind: what follows the address in its `bind` line.
    ///   - rest: further lines of its proxy.
    init(on host: TestHost, name: String, bind: String = "", mode: String = "tcp", _ rest: String) async throws {
        let configuration = host.folder.file("haproxy-\(name).cfg")
        port = try FreePort.take()
        try configuration.write(
            """
            defaults
                mode \(mode)
                timeout connect 10s
                timeout client 60s
                timeout server 60s
            listen \(name)
                bind 127.0.0.1:\(port) \(bind)
                \(rest)

            """)
        let haproxy = try Program("haproxy", package: "haproxy")
        process = try host.start("haproxy-\(name)", haproxy, ["-db", "-f", configuration.path])
        try await ListeningPorts.wait(for: [port], of: process)
    }

    /// Passes everything on to a port of this host.
    ///
    /// - Parameter options: of its `server` line.
    static func passing(
        to port: UInt16, _ options: String = "", bind: String = "", name: String = "between", on host: TestHost
    ) async throws -> HAProxyServer {
        try await HAProxyServer(on: host, name: name, bind: bind, "server mailbox 127.0.0.1:\(port) \(options)")
    }
}
