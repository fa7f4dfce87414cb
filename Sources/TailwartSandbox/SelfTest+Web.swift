import NIOCore
import TailwartClient

/// Port 443 shared by the mailbox and a web server: the certificate and the answer show who was reached.
extension SelfTest {
    var webSteps: [Step] {
        [
            webStep("mta-sts.example.org", WebContent.policyPath, to: .mailbox, expecting: "version: STSv1"),
            webStep("autoconfig.example.org", WebContent.configurationPath, to: .mailbox, expecting: "<clientConfig"),
            webStep("autodiscover.example.org", to: .mailbox),
            webStep("ua-auto-config.example.org", to: .mailbox),
            webStep("www.example.org", to: .webServer),
            webStep(nil, to: .webServer),
        ]
    }

    private func webStep(
        _ name: String?, _ path: String = "/", to server: WebContent, expecting words: String? = nil
    ) -> Step {
        Step("HTTPS for \(name ?? "no name at all") goes to \(server.title)") {
            let tls = try SelfTestTLS(
                authority: sandbox.certificates.authority, serverName: name, checksName: false)
            return try await connected(to: edge.https, tls: tls) { connection in
                let host = name ?? edge.host
                try await connection.write("GET \(path) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n")
                let answer: String
                do throws(ConnectionEnd) {
                    answer = String(buffer: try await connection.rest())
                } catch {
                    throw CheckFailure("no answer: \(error)")
                }
                try await expectCertificate(of: server, on: connection)
                let words = words ?? "\(server.speaker) answers for \(host)"
                guard answer.hasPrefix("HTTP/1.1 200"), answer.firstRange(of: words) != nil else {
                    let line = answer.prefix { $0 != "\r\n" }
                    throw CheckFailure("the certificate is right, but the answer is not: \(line), without \"\(words)\"")
                }
                return "\(server.title) answered with its own certificate"
            }
        }
    }

    private func expectCertificate(of server: WebContent, on connection: ClientConnection) async throws {
        let leaf = await connection.chain().first
        let (wanted, other) =
            switch server {
            case .mailbox: (sandbox.certificates.mailbox, WebContent.webServer)
            case .webServer: (sandbox.certificates.web, WebContent.mailbox)
            }
        guard let leaf else { throw CheckFailure("there was no certificate") }
        guard leaf == wanted else {
            throw CheckFailure(
                "expected the certificate of \(server.title), got that of \(other.title): the edge chose the wrong route"
            )
        }
    }
}

extension WebContent {
    fileprivate var title: String {
        switch self {
        case .mailbox: "the mailbox"
        case .webServer: "the web server"
        }
    }
}
