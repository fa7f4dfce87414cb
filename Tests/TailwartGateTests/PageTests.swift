import Synchronization
import TailwartClient
import TailwartSandbox
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartGate

/// `--http`, with scripted and with real TLS servers.
@Suite struct PageTests {
    private static func head(_ status: String, _ rest: String = "Content-Length: 0\r\n") -> String {
        "HTTP/1.1 \(status)\r\n\(rest)\r\n"
    }

    @Test(arguments: [
        (head("200 OK"), "ready", "answers with 200"), (head("204 No Content"), "ready", "answers with 204"),
        (head("302 Found", "Location: /x\r\nContent-Length: 0\r\n"), "ready", "answers with 302"),
        (head("399 Odd"), "ready", "answers with 399"),
        // The page itself need not come.
        (head("200 OK", "Content-Length: 1000000\r\n"), "ready", "answers with 200"),
        (head("100 Continue", "") + head("200 OK"), "ready", "answers with 200"),
        ("HTTP/1.0 200 OK\r\n\r\n", "ready", "answers with 200"),
        (head("400 Bad Request"), "status", "answers with 400"), (head("404 Not Found"), "status", "answers with 404"),
        (head("503 Service Unavailable"), "status", "answers with 503"),
        ("220 mail.example.org ESMTP\r\n", "wrong_protocol", "what answers is not a web server"),
        ("SSH-2.0-OpenSSH_9.2\r\n", "wrong_protocol", "what answers is not a web server"),
        ("\u{0}\u{0}\u{0}", "wrong_protocol", "what answers is not a web server"),
        // An ellipsis stands for 200 000 letters.
        (head("200 OK", "X: …\r\n"), "wrong_protocol", "what answers is not a web server"),
        ("", "closed", "the connection was closed without an answer"),
        ("HTTP/1.1 200", "wrong_protocol", "what answers is not a web server"),
    ])
    func `the status decides`(answer: String, state: String, text: String) async throws {
        let whole = answer.replacing("…", with: String(repeating: "a", count: 200_000))
        let server = try ScriptedServer([Array(whole.utf8)], closes: true)
        defer { server.close() }
        let finding = try await Asking.finding(.http(try WebURL("http://\(server.endpoint)/healthz")))
        #expect(finding.state == state)
        #expect(finding.text == text)
        #expect(finding.isReady == (state == "ready"))
    }

    @Test func `it asks as a browser would`() async throws {
        let asked = Mutex("")
        let server = try FakeMailbox { connection, _ in
            var request = ""
            while !request.hasSuffix("\r\n\r\n") {
                request += String(decoding: try connection.receive(), as: UTF8.self)
            }
            asked.withLock { $0 = request }
            try connection.send(Array(Self.head("200 OK").utf8))
            _ = try connection.receiveToEnd()
        }
        defer { server.close() }
        let url = try WebURL("http://\(server.address)/healthz/ready?deep=1")
        #expect(try await Asking.finding(.http(url)).isReady)
        let request = asked.withLock { $0 }
        #expect(request.hasPrefix("GET /healthz/ready?deep=1 HTTP/1.1\r\n"))
        #expect(request.lowercased().contains("\r\nhost: \(server.address)\r\n"))
        #expect(request.lowercased().contains("\r\nconnection: close\r\n"))
    }

    @Test(arguments: [("", "silent"), ("HTTP/1.1 200 OK\r\nX: y", "silent")])
    func `a server that says too little runs into the limit`(answer: String, state: String) async throws {
        let server = try ScriptedServer([Array(answer.utf8)])
        defer { server.close() }
        let finding = try await Asking.finding(
            .http(try WebURL("http://\(server.endpoint)/")), within: .milliseconds(500))
        #expect(finding.state == state)
    }

    @Test func `headers without end run into the limit of bytes`() async throws {
        let server = try FakeMailbox { connection, _ in
            _ = try connection.receive()
            try connection.send(Array("HTTP/1.1 200 OK\r\n".utf8))
            while true { try connection.send(Array("X: \(String(repeating: "a", count: 1000))\r\n".utf8)) }
        }
        defer { server.close() }
        let finding = try await Asking.finding(.http(try WebURL("http://\(server.address)/")))
        #expect(finding.state == "wrong_protocol")
    }

    @Test func `a certificate has to be trusted and for the name, unless any will do`() async throws {
        let sandbox = try await Sandbox.start()
        let named = Condition.http(try WebURL("https://localhost:\(sandbox.ports.web)/"))
        let numbered = Condition.http(try WebURL("https://127.0.0.1:\(sandbox.ports.web)/"))
        let authorities = try Authorities([sandbox.certificates.authority])

        let good = try await Asking.finding(named, authorities: authorities)
        #expect(good == .ready("answers with 200"))

        let otherName = try await Asking.finding(numbered, authorities: authorities)
        #expect(otherName.state == "tls_failed")
        #expect(otherName.text == "its certificate is for another name")

        let unknown = try await Asking.finding(named)
        #expect(unknown.state == "tls_failed")
        #expect(unknown.text == "its certificate is not trusted by this system")
        #expect(unknown.fix?.contains("--insecure") == true)

        #expect(try await Asking.finding(numbered, verifiesCertificates: false).isReady)
        await sandbox.shutdown()
    }

    @Test(arguments: [
        ("HTTP/1.1 400 Bad Request\r\n\r\n", "it does not speak TLS there"), ("", "the TLS handshake was broken off"),
        ("\u{15}\u{3}\u{3}\u{0}\u{2}\u{2}\u{28}", "the TLS handshake failed: sslv3 alert handshake failure"),
    ])
    func `what is not TLS is told apart`(answer: String, text: String) async throws {
        let server = try ScriptedServer([Array(answer.utf8)], closes: true)
        defer { server.close() }
        let finding = try await Asking.finding(
            .http(try WebURL("https://\(server.endpoint)/")), verifiesCertificates: false)
        #expect(finding.state == "tls_failed")
        #expect(finding.text == text)
    }
}
