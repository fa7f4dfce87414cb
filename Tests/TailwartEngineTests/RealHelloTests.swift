import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

/// Hellos that TLS clients of this host really send.
@Suite(.ownThreads) struct RealHelloTests {
    private static let name = "mail.example.org"

    private static func words(_ program: String, port: UInt16) -> [String] {
        switch program {
        case "openssl":
            ["openssl", "s_client", "-connect", "127.0.0.1:\(port)", "-servername", name, "-alpn", "imap"]
        case "openssl, TLS 1.2":
            ["openssl", "s_client", "-connect", "127.0.0.1:\(port)", "-servername", name, "-tls1_2"]
        case "gnutls-cli":
            ["gnutls-cli", "--sni-hostname", name, "--port", "\(port)", "127.0.0.1"]
        case "curl":
            ["curl", "--silent", "--connect-to", "\(name):443:127.0.0.1:\(port)", "https://\(name)/"]
        default:
            [
                "python3", "-c",
                """
                import socket, ssl
                context = ssl.create_default_context()
                context.wrap_socket(socket.create_connection(("127.0.0.1", \(port))), server_hostname="\(name)")
                """,
            ]
        }
    }

    @Test(arguments: ["openssl", "openssl, TLS 1.2", "gnutls-cli", "curl", "python3"])
    func `the hello of a real client is routed by name and arrives unchanged`(program: String) throws {
        let mailbox = try TestListener()
        let other = try TestListener()
        let listener = Listener.test(
            .https,
            routes: [
                .toFirst(.name(Self.name)),
                .to(1),
            ])
        let hello = try record(program)
        try withEngine(
            listeners: [listener], upstreams: [.test(mailbox.address), .test(other.address)]
        ) { edge in
            let client = try edge.connect()
            try client.send(hello)
            let upstream = try mailbox.accept()
            #expect(try upstream.receive(exactly: hello.count) == hello)
            try Pair(client: client, upstream: upstream).finish()
            #expect(try edge.nextRecord().serverName == Self.name)
        }
    }

    @Test(arguments: ["openssl", "openssl, TLS 1.2", "gnutls-cli", "curl", "python3"])
    func `a real client reaches the upstream through the edge`(program: String) throws {
        let mailbox = try TestListener()
        let other = try TestListener()
        let listener = Listener.test(
            .https,
            routes: [
                .toFirst(.name(Self.name)),
                .to(1),
            ])
        try withEngine(
            listeners: [listener], upstreams: [.test(mailbox.address), .test(other.address)]
        ) { edge in
            let client = try ClientProgram(Self.words(program, port: edge.address().port))
            let upstream = try mailbox.accept()
            _ = try Self.hello(on: upstream)
            client.end()
            upstream.close()
            #expect(try edge.nextRecord().serverName == Self.name)
        }
    }

    /// What the program sends to a server that says nothing.
    private func record(_ program: String) throws -> [UInt8] {
        let listener = try TestListener()
        let client = try ClientProgram(Self.words(program, port: listener.address.port))
        let hello = try Self.hello(on: listener.accept())
        client.end()
        return hello
    }

    private static func hello(on socket: TestSocket) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let more = try socket.receive()
            guard !more.isEmpty else { throw TestFailure("the program ended after \(bytes.count) bytes") }
            bytes += more
            switch ClientHello.parse(bytes.span) {
            case .found: return bytes
            case .invalid(let error): throw TestFailure("the program's hello is not understood: \(error)")
            case .needMore: continue
            }
        }
    }
}
