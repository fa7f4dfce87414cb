import Foundation
import Synchronization
import TailwartCore
import TailwartSandbox
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartControl

/// Delivery to real commands and servers.
@Suite(.ownThreads) struct NoticeSenderTests {
    private static let notice = Notice(testAt: 1_764_396_000)

    private static func url(
        _ server: InternetAddress, host: String = "127.0.0.1", isEncrypted: Bool = false
    ) -> NoticeURL {
        NoticeURL(isEncrypted: isEncrypted, host: host, port: server.port, target: "/topic?secret=path")
    }

    private static func send(_ messenger: Messenger) async throws -> String? {
        try await NoticeSender().send(notice, by: messenger, edge: "mx.example.org")
    }

    /// A server that keeps what it is asked, and answers with this.
    private static func server(
        _ answer: String, asked: @escaping @Sendable (String) -> Void = { _ in }
    ) throws -> FakeMailbox {
        try FakeMailbox { connection, _ in
            var request = ""
            while !request.hasSuffix("}\n") {
                let more = try connection.receive()
                guard !more.isEmpty else { return }
                request += String(decoding: more, as: UTF8.self)
            }
            asked(request)
            try connection.send(Array(answer.utf8))
        }
    }

    // MARK: - a server

    @Test func `a server gets the notice by POST, with the fields of the file`() async throws {
        try await TestHost.run { host in
            let file = host.folder.file("headers")
            try file.write("# a token\nAuthorization: Bearer s3cret-token\r\n\nX-Title: {{.title}}\n")
            chmod(file.path, 0o640)
            let asked = Mutex("")
            let server = try Self.server("HTTP/1.1 204 No Content\r\n\r\n") { request in asked.withLock { $0 = request }
            }
            defer { server.close() }
            let messenger = Messenger(.post(Self.url(server.address)), headersFile: file.path)
            #expect(try await Self.send(messenger) == nil)
            let parts = asked.withLock { $0 }.components(separatedBy: "\r\n\r\n")
            let head = parts[0].components(separatedBy: "\r\n")
            #expect(head[0] == "POST /topic?secret=path HTTP/1.1")
            #expect(head.contains("Host: \(server.address)"))
            #expect(head.contains("Content-Type: application/json"))
            #expect(head.contains("Authorization: Bearer s3cret-token"))
            #expect(head.contains("X-Title: {{.title}}"))
            #expect(head.contains("Content-Length: \(parts[1].utf8.count)"))
            let json = Self.notice.json(edge: "mx.example.org", version: Version.current.version)
            #expect(parts[1] == "\(json)\n")
        }
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", nil), ("HTTP/1.1 202 Accepted\r\n\r\n", nil),
        ("HTTP/1.1 301 Moved\r\n\r\n", "answers with 301, which leads elsewhere: write that address"),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", "answers with 403: look at 'headers_file'"),
        ("HTTP/1.1 404 Not Found\r\n\r\n", "answers with 404: look at the path of 'url'"),
        ("HTTP/1.1 503 Away\r\n\r\n", "answers with 503"), ("220 mail.example.org\r\n", "is not a web server"),
    ])
    func `what the server answers decides, and what may be secret is not said`(
        answer: String, failure: String?
    ) async throws {
        let server = try Self.server(answer)
        defer { server.close() }
        let said = try await Self.send(Messenger(.post(Self.url(server.address))))
        #expect(said == failure.map { "http://\(server.address) \($0)" })
    }

    @Test func `who is not there is named`() async throws {
        let port = InternetAddress(.loopbackV4, port: try FreePort.take())
        let said = try await Self.send(Messenger(.post(Self.url(port))))
        #expect(said == "\(port) refused the connection")
        let nobody = NoticeURL(isEncrypted: true, host: "nobody.invalid", port: 443, target: "/")
        #expect(try await Self.send(Messenger(.post(nobody)))?.hasPrefix("nobody.invalid does not resolve: ") == true)
    }

    @Test func `a name is looked up, and a certificate must be trusted and for that name`() async throws {
        try await TestHost.run { host in
            let sandbox = try await Sandbox.start()
            let roots = host.folder.file("roots.pem")
            try roots.write(sandbox.certificates.authorityPEM)
            let address = InternetAddress(.loopbackV4, port: sandbox.ports.web)
            let named = NoticeMessengers.post(Self.url(address, host: "localhost", isEncrypted: true), roots.path)
            // It is the right server, which takes no POST.
            #expect(try await Self.send(named)?.contains("answers with 405") == true)
            let numbered = NoticeMessengers.post(Self.url(address, isEncrypted: true), roots.path)
            let other = try await Self.send(numbered)
            #expect(other?.hasPrefix("https://127.0.0.1:\(address.port): TLS failed: ") == true, "\(other ?? "")")
            let untrusted = try await Self.send(
                NoticeMessengers.post(Self.url(address, host: "localhost", isEncrypted: true), nil))
            #expect(untrusted?.contains("TLS failed") == true, "\(untrusted ?? "")")
            let missing = try await Self.send(
                NoticeMessengers.post(Self.url(address, host: "localhost", isEncrypted: true), "/no/such/file"))
            #expect(missing == "/no/such/file cannot be read")
            await sandbox.shutdown()
        }
    }

    // MARK: - the file with the fields

    /// What is in the file, its mode, and what is said; `…` stands for its path.
    private static let badFiles: [(String, mode_t, String)] = [
        (
            "Authorization: Bearer s3cret", 0o644,
            "… can be read by everybody on this host, and holds a secret: chmod o= …"
        ),
        (
            "Authorization: Bearer s3cret", 0o604,
            "… can be read by everybody on this host, and holds a secret: chmod o= …"
        ),
        ("X: a\nBearer s3cret", 0o600, "line 2 of … is not 'Name: value'"),
        ("Author ization: s3cret", 0o600, "line 1 of … is not 'Name: value'"),
        ("Authorization: s3cret\u{1}", 0o600, "line 1 of … is not 'Name: value'"),
        ("Authorization: s3cret\rX: y", 0o600, "line 1 of … is not 'Name: value'"),
        ("Content-Length: 3", 0o600, "line 1 of … names a field that the request has already"),
        ("host: s3cret", 0o600, "line 1 of … names a field that the request has already"),
        (String(repeating: "X: s3cret\n", count: 40), 0o600, "… has more than 32 lines"),
        (String(repeating: "s3cret", count: 4000), 0o600, "… is not a text of at most 8192 bytes"),
    ]

    @Test(arguments: badFiles)
    private func `a file that is no good, or that everybody can read, is named, and nothing in it`(
        content: String, mode: mode_t, said: String
    ) async throws {
        try await TestHost.run { host in
            let file = host.folder.file("headers")
            try file.write(content)
            chmod(file.path, mode)
            let server = try Self.server("HTTP/1.1 200 OK\r\n\r\n")
            defer { server.close() }
            let failure = try await Self.send(
                Messenger(.post(Self.url(server.address)), headersFile: file.path))
            #expect(failure == said.replacing("…", with: file.path))
            #expect(server.served == 0)
            #expect(failure?.contains("s3cret") == false)
        }
    }

    // MARK: - a command

    @Test func `a command gets the notice on standard input, and its arguments as they are written`() async throws {
        try await TestHost.run { host in
            let (told, words) = (host.folder.file("told"), host.folder.file("words"))
            let script = "cat > \(told.path); printf '%s|' \"$@\" > \(words.path)"
            let command = Messenger(.command(["/bin/sh", "-c", script, "sh", "$(id)", "a b", ""]))
            let failure = try await Self.send(command)
            #expect(failure == nil)
            #expect(JSON.reading(told.text)?["notice"]?.text == "test")
            #expect(words.text == "$(id)|a b||")
        }
    }

    @Test(arguments: [
        (["/bin/sh", "-c", "echo 'no network' >&2; exit 3"], "/bin/sh ended with 3 and said 'no network\\n'"),
        (["/bin/false"], "/bin/false ended with 1"), (["/no/such/program"], "there is no program /no/such/program"),
        (["/etc/passwd"], "/etc/passwd could not be started: Permission denied"),
    ])
    func `a command that fails is named with what it said`(words: [String], failure: String) async throws {
        #expect(try await Self.send(Messenger(.command(words))) == failure)
    }
}

private enum NoticeMessengers {
    static func post(_ url: NoticeURL, _ roots: String?) -> Messenger { Messenger(.post(url), trustRoots: roots) }
}

extension JSON {
    /// Nil if it is none.
    fileprivate static func reading(_ text: String) -> JSON? { try? JSONReader.read(Array(text.utf8).span) }
}
