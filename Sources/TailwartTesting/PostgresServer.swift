import Foundation
import Glibc

/// A real PostgreSQL in the test's folder, started so that it stays in "starting up" until ``finishStarting()``.
package struct PostgresServer {
    /// On 127.0.0.1.
    package let port: UInt16
    package let process: ChildProcess
    private let go: TextFile

    package enum Role {
        case primary
        /// Answers questions and takes no writes.
        case hotStandby
        /// Answers nobody, for ever.
        case coldStandby
    }

    /// Of the user `postgres`.
    package static let password = "pencil, with = and %"
    private static let programs = ["15", "16", "17", "18"].map { "/usr/lib/postgresql/\($0)/bin" }

    /// - Parameters:
    ///   - authentication: for everybody, as pg_hba.conf has it; `reject` too.
    ///   - connections: which of them that is for: `host`, `hostssl`, `hostnossl`.
    ///   - encrypts: offers TLS with a certificate of its own making.
    ///   - keepsPasswordsAsMD5: as servers before version 14 did by default; with `md5` they ask for it as a hash.
    ///   - port: nil for a free one.
    ///   - start: starts a program where the server is to be; on the test's own host if nil.
    package init(
        on host: TestHost, authentication: String, connections: String = "host", encrypts: Bool,
        keepsPasswordsAsMD5: Bool = false, role: Role = .primary, port: UInt16? = nil,
        start: ((String, Program, [String]) throws -> ChildProcess)? = nil
    ) async throws {
        // It refuses to run as root.
        let user = try UnixUser.named("postgres", package: "postgresql")
        let initdb = try Program("initdb", package: "postgresql", in: Self.programs)
        let postgres = try Program("postgres", package: "postgresql", in: Self.programs)
        let folder = try host.folder.makeFolder("postgres", owner: user)
        let data = folder + "/data"
        let port = try port ?? FreePort.take()
        self.port = port
        let start = start ?? { try host.start($0, $1, $2) }
        go = host.folder.file("go")
        let password = folder + "/password"
        try Data(Self.password.utf8).write(to: URL(fileURLWithPath: password))
        chmod(password, 0o644)

        func run(_ name: String, _ program: Program, _ arguments: [String]) throws -> ChildProcess {
            guard geteuid() == 0 else { return try start(name, program, arguments) }
            let setpriv = try Program("setpriv", package: "util-linux")
            let identity = ["--reuid=\(user.uid)", "--regid=\(user.gid)", "--clear-groups", "--"]
            return try start(name, setpriv, identity + [program.path] + arguments)
        }
        let making = try run(
            "initdb", initdb,
            [
                "-D", data, "-U", "postgres", "--pwfile", password, "--no-sync", "--no-instructions", "--locale=C",
                // It keeps the password as its own pg_hba.conf asks for it, which is then written over.
                "--auth=\(keepsPasswordsAsMD5 ? "md5" : "trust")",
            ])
        guard try await making.exitCode(within: .seconds(60)) == 0 else {
            throw TestFailure("initdb failed\n\(making.tail)")
        }
        try Self.write(
            "local all all trust\n\(connections) all all 127.0.0.1/32 \(authentication)\n", to: data + "/pg_hba.conf")
        var settings = """
            port = \(port)
            listen_addresses = '127.0.0.1'
            unix_socket_directories = '\(folder)'
            fsync = off
            log_min_messages = info
            hot_standby = \(role == .coldStandby ? "off" : "on")
            # Recovery asks this for a file of the log before anything else, and then finds that there is nothing to recover.
            restore_command = 'while [ ! -e "\(go.path)" ]; do sleep 0.02; done; false'

            """
        if encrypts {
            try await Self.makeCertificate(in: data, on: host, owner: user)
            settings += "ssl = on\n"
        }
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: data + "/postgresql.conf"))
        try file.seekToEnd()
        try file.write(contentsOf: Data(settings.utf8))
        try file.close()
        try Self.write("", to: data + (role == .primary ? "/recovery.signal" : "/standby.signal"))
        process = try run("postgres", postgres, ["-D", data])
    }

    /// Ends the recovery.
    package func finishStarting() throws { try go.write("") }

    /// What the server said, without the lines about itself.
    package var complaints: [Substring] {
        process.errors.lines.filter { line in
            ["ERROR:", "FATAL:", "WARNING:", "could not receive"].contains { line.contains($0) }
        }
    }

    /// Over a file that is the server's own, whose owner and mode it keeps.
    private static func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    private static func makeCertificate(in data: String, on host: TestHost, owner: UnixUser) async throws {
        let openssl = try host.start(
            "openssl", try Program("openssl", package: "openssl"),
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj",
                "/CN=db.example.org", "-keyout", data + "/server.key", "-out", data + "/server.crt",
            ])
        guard try await openssl.exitCode() == 0 else { throw TestFailure("openssl failed\n\(openssl.tail)") }
        for name in ["server.key", "server.crt"] {
            chmod(data + "/" + name, 0o600)
            chown(data + "/" + name, owner.uid, owner.gid)
        }
    }
}
