import NIOCore
import TailwartClient
import Testing

@testable import TailwartSandbox

@Suite struct WebTests {
    @Test func `the two web servers have different certificates of one authority`() async throws {
        try await withSandbox { sandbox in
            #expect(sandbox.certificates.mailbox != sandbox.certificates.web)
            #expect(sandbox.certificates.authorityPEM.hasPrefix("-----BEGIN CERTIFICATE-----"))
            let (mailbox, mailboxLeaf) = try await get("/", of: "mail.example.org", from: .https, in: sandbox)
            #expect(mailbox.hasSuffix("\r\n\r\nmailbox answers for mail.example.org\n"))
            #expect(mailboxLeaf)
            let (web, _) = try await get("/", of: "www.example.org", from: .web, in: sandbox)
            #expect(web.hasSuffix("\r\n\r\nthe web server answers for www.example.org\n"))
            await #expect(throws: ConnectionEnd.self) {
                _ = try await get("/", of: "www.example.org", from: .https, in: sandbox)
            }
        }
    }

    @Test func `a browser that says its end after the request gets the whole answer`() async throws {
        try await withSandbox { sandbox in
            let connection = try await sandbox.connect(.https)
            try await connection.beginTLS(sandbox.tls())
            try await connection.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            try await connection.write("", isLast: true)
            #expect(String(buffer: try await connection.rest()).hasSuffix("mailbox answers for a\n"))
        }
    }

    @Test func `the mailbox serves a policy and a client configuration`() {
        let policy = answer("GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: mta-sts.example.org:443")
        #expect(
            policy.hasSuffix("\r\n\r\nversion: STSv1\r\nmode: testing\r\nmx: mail.example.org\r\nmax_age: 86400\r\n"))
        let configuration = answer("GET /mail/config-v1.1.xml?a=b HTTP/1.1\r\nhost:AUTOCONFIG.example.org")
        #expect(configuration.hasSuffix("</clientConfig>\n"))
        #expect(answer("HEAD / HTTP/1.0").hasSuffix("Connection: close\r\n\r\n"))
    }

    @Test(arguments: [
        ("", "400"), ("GET", "400"), ("GET / SPDY", "400"), ("GET  / HTTP/1.1", "400"),
        ("GET example.org HTTP/1.1", "400"),
        ("POST / HTTP/1.1", "405"), ("GET / HTTP/1.1", "200"), ("GET / HTTP/1.1\r\nHost: ", "200"),
    ])
    func `a request is read strictly`(head: String, status: String) {
        #expect(answer(head).hasPrefix("HTTP/1.1 \(status) "))
    }

    @Test func `a request without end is refused`() async throws {
        try await withSandbox { sandbox in
            let connection = try await sandbox.connect(.https)
            try await connection.beginTLS(sandbox.tls())
            try await connection.write(ByteBuffer(repeating: UInt8(ascii: "x"), count: WebHandler.maximumHead + 1))
            #expect(String(buffer: try await connection.rest()).hasPrefix("HTTP/1.1 431 "))
        }
    }

    private func answer(_ head: String) -> String { WebContent.mailbox.answer(to: WebRequest(head)) }

    private func get(
        _ path: String, of name: String, from service: SandboxService, in sandbox: Sandbox
    ) async throws -> (answer: String, isMailbox: Bool) {
        let connection = try await sandbox.connect(service)
        defer { connection.abort() }
        try await connection.beginTLS(sandbox.tls(name))
        try await connection.write("GET \(path) HTTP/1.1\r\nHost: \(name)\r\n\r\n")
        let answer = String(buffer: try await connection.rest())
        return (answer, await connection.chain().first == sandbox.certificates.mailbox)
    }
}
