import TailwartTesting

/// Debian's nginx on a high port over TLS; it takes no PROXY header and answers every request with its own name.
struct NginxServer: Sendable {
    let port: UInt16
    let process: ChildProcess

    /// - Parameter name: what it answers and what its files are called.
    init(on host: TestHost, name: String, certificate: TestCertificates.Certificate) async throws {
        let folder = host.folder
        let state = try folder.makeFolder("nginx-\(name)")
        let configuration = folder.file("nginx-\(name)/nginx.conf")
        let errors = folder.file("nginx-\(name)/error.log")
        self.port = try FreePort.take()

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
                    listen 127.0.0.1:\(port) ssl;
                    ssl_certificate \(certificate.certificate.path);
                    ssl_certificate_key \(certificate.key.path);
                    location / { return 200 "\(name) $ssl_server_name"; }
                }
            }

            """)
        let nginx = try Program("nginx", package: "nginx")
        self.process = try host.start("nginx-\(name)", nginx, ["-c", configuration.path, "-e", errors.path])
        try await ListeningPorts.wait(for: [port], of: process)
    }
}
