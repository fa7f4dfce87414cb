import TailwartTesting

/// A certificate authority of the test's own and the certificates that it issued.
struct TestCertificates: Sendable {
    let authority: TextFile
    private let folder: TemporaryFolder
    private let openssl: Program

    struct Certificate: Sendable {
        let certificate: TextFile
        let key: TextFile
    }

    init(in folder: TemporaryFolder) async throws {
        self.folder = folder
        self.openssl = try Program("openssl", package: "openssl")
        self.authority = folder.file("authority.pem")
        try await request("authority", "/CN=Tailwart test authority", ["-addext", "keyUsage=critical,keyCertSign"])
    }

    /// - Parameter names: DNS names; the first is the subject too, by which tests tell servers apart.
    func issue(_ names: [String]) async throws -> Certificate {
        let alternatives = names.map { "DNS:\($0)" }.joined(separator: ",")
        return try await request(
            names[0], "/CN=\(names[0])",
            [
                "-CA", authority.path, "-CAkey", folder.file("authority.key").path,
                "-addext", "subjectAltName=\(alternatives)", "-addext", "basicConstraints=critical,CA:FALSE",
            ])
    }

    @discardableResult
    private func request(_ name: String, _ subject: String, _ options: [String]) async throws -> Certificate {
        let files = Certificate(certificate: folder.file("\(name).pem"), key: folder.file("\(name).key"))
        let arguments = [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", subject, "-out", files.certificate.path, "-keyout", files.key.path,
        ]
        let process = try ChildProcess("openssl-\(name)", openssl, arguments + options, in: folder)
        guard try await process.exitCode() == 0 else { throw TestFailure("openssl req: \(process.tail)") }
        return files
    }
}
