import TailwartSetup
import TailwartTesting
import TailwartWire

/// Debian's nginx on a high port over TLS, set as `tailwart trust` says; it answers every request with its own name and
/// the one that was asked for, and with who asked where it takes the header.
struct NginxServer: Sendable {
    let port: UInt16
    let process: ChildProcess

    /// - Parameters:
    ///   - name: what it answers and what its files are called.
    ///   - takesHeader: whether every client must send a PROXY header.
    init(
        on host: TestHost, name: String, certificate: TestCertificates.Certificate, takesHeader: Bool = false
    ) async throws {
        let folder = host.folder
        let state = try folder.makeFolder("nginx-\(name)")
        let configuration = folder.file("nginx-\(name)/nginx.conf")
        let errors = folder.file("nginx-\(name)/error.log")
        self.port = try FreePort.take()
        let server = NginxTrust.server(port: port, on: .loopbackV4, takesHeader: takesHeader, edges: [.loopbackV4])
        let answer = "\(name) $ssl_server_name" + (takesHeader ? " $remote_addr" : "")

        try configuration.write(
            """
            daemon off;
            worker_processes 1;
            pid \(state)/nginx.pid;
            error_log \(errors.path);
            events {}
            http {
                access_log \(state)/access.log;
                client_body_temp_path \(state)/body;
                proxy_temp_path \(state)/proxy;
                fastcgi_temp_path \(state)/fastcgi;
                uwsgi_temp_path \(state)/uwsgi;
                scgi_temp_path \(state)/scgi;
                server {
                    \(server)
                    ssl_certificate \(certificate.certificate.path);
                    ssl_certificate_key \(certificate.key.path);
                    location / { return 200 "\(answer)"; }
                }
            }

            """)
        let nginx = try Program("nginx", package: "nginx")
        self.process = try host.start("nginx-\(name)", nginx, ["-c", configuration.path, "-e", errors.path])
        try await ListeningPorts.wait(for: [port], of: process)
    }
}
