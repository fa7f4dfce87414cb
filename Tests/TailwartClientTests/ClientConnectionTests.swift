import Glibc
import NIOCore
import NIOPosix
import Synchronization
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartClient

/// Conversations over real sockets.
@Suite struct ClientConnectionTests {
    /// Long enough for any answer of this host.
    private static let patience = ClientConnection.Patience.each(.seconds(20))

    private func withServer(
        _ serve: @escaping @Sendable (TestSocket) throws -> Void, limits: ClientConnection.Limits = .init(),
        _ body: (ClientConnection) async throws -> Void
    ) async throws {
        let server = try FakeMailbox { connection, _ in try serve(connection) }
        defer { server.close() }
        let connection = try await ClientConnection.open(
            to: SocketAddress(server.address), patience: Self.patience, limits: limits, hearsOut: true,
            group: MultiThreadedEventLoopGroup.singleton)
        defer { connection.abort() }
        try await body(connection)
    }

    @Test func `lines, bytes and the rest are taken in turn`() async throws {
        try await withServer({ connection in
            try connection.send(Array("220 hi\r\nand\nfour".utf8))
            _ = try connection.receive(exactly: 4)
            try connection.finish(with: Array("the rest".utf8))
        }) { connection in
            #expect(try await connection.line() == "220 hi")
            #expect(try await connection.lineBytes() == Array("and".utf8))
            try await connection.wait(moreThan: 3)
            #expect(await connection.received() == Array("four".utf8))
            #expect(String(buffer: try await connection.bytes(4)) == "four")
            try await connection.write("QUIT", isLast: true)
            #expect(String(buffer: try await connection.rest()) == "the rest")
            await #expect(throws: ConnectionEnd.closed(.orderly)) { try await connection.some() }
        }
    }

    @Test func `a line and a conversation that are too long are cut`() async throws {
        let limits = ClientConnection.Limits(line: 100, total: 10_000)
        try await withServer({ _ = try? $0.fill(with: Array("no end".utf8), upTo: 64 << 20) }, limits: limits) {
            connection in
            await #expect(throws: ConnectionEnd.tooMuch) { try await connection.line() }
            await #expect(throws: ConnectionEnd.tooMuch) {
                while true { _ = try await connection.some() }
            }
        }
    }

    @Test(arguments: [
        ("HTTP/1.1 400 Bad Request\r\n\r\n", true), ("220 mail.example.org\r\n", true),
        ("\u{15}\u{3}\u{3}\u{0}\u{2}\u{2}\u{28}", false),
    ])
    func `what is not TLS is told from TLS that fails`(answer: String, isNotTLS: Bool) async throws {
        try await withServer({ connection in
            _ = try connection.receive()
            try connection.finish(with: Array(answer.utf8))
        }) { connection in
            do throws(ConnectionEnd) {
                try await connection.startTLS(try Self.context.get())
                Issue.record("TLS is on")
            } catch {
                guard case .tls(let failure) = error else {
                    Issue.record("\(error)")
                    return
                }
                #expect(failure.isNotTLS == isNotTLS, "\(failure)")
                if !isNotTLS { #expect(failure.description == "sslv3 alert handshake failure") }
            }
        }
    }

    private static let context = Result<TLSContext, ConnectionEnd> { () throws(ConnectionEnd) in
        do { return try TLSContext(trusting: .anybody) } catch { throw ConnectionEnd(error) }
    }

    @Test func `a server that leaves during the handshake`() async throws {
        try await withServer({ _ = try $0.receive() }) { connection in
            await #expect(throws: ConnectionEnd.closed(.duringHandshake)) {
                try await connection.startTLS(Self.context.get())
            }
        }
    }

    @Test func `what is written while no handshake comes about is bounded`() async throws {
        try await withServer({ _ = try? $0.receiveToEnd() }) { connection in
            try await connection.beginTLS(Self.context.get())
            await #expect(throws: ConnectionEnd.tooMuch) {
                try await connection.write(ByteBuffer(repeating: 0, count: TLSHandler.maximumPending + 1))
            }
        }
    }

    @Test func `the end of a server in TLS is told from a cable that was cut`() async throws {
        try await TestHost.run { host in
            let file = host.folder.file("server.pem")
            try file.write(try FakeAuthority().issue(["mail.example.org"]).serverPEM)
            for isCut in [false, true] {
                let port = try FreePort.take()
                let server = try host.start(
                    "openssl", try Program("openssl", package: "openssl"),
                    // In TLS 1.2 the server has read everything by the time that the client knows that TLS is on: no reset.
                    [
                        "s_server", "-accept", "127.0.0.1:\(port)", "-cert", file.path, "-key", file.path, "-www",
                        "-tls1_2",
                    ])
                let address = InternetAddress(.loopbackV4, port: port)
                try await eventually("the server listens") { try? TestSocket.connect(to: address).close() }
                let connection = try await ClientConnection.open(
                    to: SocketAddress(address), patience: Self.patience, hearsOut: true,
                    group: MultiThreadedEventLoopGroup.singleton)
                try await connection.startTLS(Self.context.get())
                if isCut {
                    server.send(SIGKILL)
                    await #expect(throws: ConnectionEnd.closed(.withoutGoodbye)) { try await connection.rest() }
                } else {
                    #expect(try await connection.ask(HTTPQuestion("/", host: "x"), isStatusEnough: true)?.status == 200)
                    _ = try await connection.rest()
                }
                connection.abort()
                await server.stop()
            }
        }
    }
}
