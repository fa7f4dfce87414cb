import TailwartTesting

/// The mail server behind the edge: Postfix delivers into the folders that Dovecot serves.
struct Mailbox: Sendable {
    let mail: MailFolder
    let certificates: TestCertificates
    private let certificate: TestCertificates.Certificate
    private let host: TestHost

    init(on host: TestHost) async throws {
        try UnixUser.requireRoot()
        self.host = host
        self.mail = try MailFolder(in: host.folder)
        self.certificates = try await TestCertificates(in: host.folder)
        self.certificate = try await certificates.issue([PostfixServer.hostName])
    }

    func startPostfix(port: UInt16? = nil) async throws -> PostfixServer {
        try await PostfixServer(on: host, mail: mail, certificate: certificate, port: port)
    }

    func startDovecot() async throws -> DovecotServer {
        try await DovecotServer(on: host, mail: mail, certificate: certificate)
    }

    var curl: Curl { Curl(folder: host.folder, authority: certificates.authority) }
}
