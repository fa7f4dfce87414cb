import NIOCore
import TailwartClient
import TailwartWire

@testable import TailwartSandbox

/// The group is the process's own; every test has a sandbox to itself.
func withSandbox(
    headerDeadline: TimeAmount = .seconds(10), _ body: (Sandbox) async throws -> Void
) async throws {
    let sandbox = try await Sandbox.start(headerDeadline: headerDeadline)
    do {
        try await body(sandbox)
    } catch {
        await sandbox.shutdown()
        throw error
    }
    await sandbox.shutdown()
}

let someClient = InternetAddress(.v4(0xcb00_7109), port: 40_000)
let someEdge = InternetAddress(.v4(0xc633_6401), port: 25)

func proxyHeader(_ version: ProxyHeader.Version = .v2, for client: InternetAddress = someClient) -> ByteBuffer {
    var bytes = [UInt8](repeating: 0, count: ProxyHeader.maximumWrittenLength)
    var span = bytes.mutableSpan
    let length =
        switch version {
        case .v1: ProxyHeader.writeV1(client: client, destination: someEdge, into: &span)
        case .v2: ProxyHeader.writeV2(client: client, destination: someEdge, into: &span)
        }
    return ByteBuffer(bytes: bytes[..<length])
}

extension Sandbox {
    /// A connection that has sent nothing yet.
    func connect(_ service: SandboxService) async throws -> ClientConnection {
        try await ClientConnection.selfTest(
            to: InternetAddress(.loopbackV4, port: ports[service]), deadline: .seconds(10), group: group)
    }

    /// A connection as the edge makes it, after the greeting, which is answered too.
    func converse(
        _ service: SandboxService, as client: InternetAddress = someClient, _ version: ProxyHeader.Version = .v2
    ) async throws -> (connection: ClientConnection, greeting: String) {
        let connection = try await connect(service)
        try await connection.write(proxyHeader(version, for: client))
        if service == .imaps || service == .submissions { try await connection.beginTLS(tls()) }
        return (connection, try await connection.line())
    }

    func tls(_ serverName: String? = "mail.example.org") throws -> SelfTestTLS {
        try SelfTestTLS(
            authority: certificates.authority, serverName: serverName, checksName: serverName != nil)
    }

    /// An IMAP connection with INBOX open.
    func openInbox() async throws -> ClientConnection {
        let (connection, _) = try await converse(.imaps)
        _ = try await connection.tagged("s1", "LOGIN \"any body\" secret")
        _ = try await connection.tagged("s2", "SELECT inbox")
        return connection
    }

    /// Delivers over SMTP; answers the last reply.
    @discardableResult
    func deliver(_ text: String, as client: InternetAddress = someClient) async throws -> String {
        let (connection, _) = try await converse(.smtp, as: client)
        defer { connection.abort() }
        _ = try await connection.ask("HELO client.example.net")
        _ = try await connection.ask("MAIL FROM:<a@example.net>")
        _ = try await connection.ask("RCPT TO:<b@example.org>")
        _ = try await connection.ask("DATA")
        return try await connection.ask(text + "\r\n.")
    }
}

extension ClientConnection {
    /// Sends a line; answers the last line of an SMTP reply.
    func ask(_ line: String) async throws -> String {
        try await write(line + "\r\n")
        return try await reply()
    }

    func reply() async throws -> String {
        var line = ""
        repeat { line = try await self.line() } while line.dropFirst(3).first == "-"
        return line
    }

    /// Sends an IMAP command; answers every line up to the tagged one, a literal as it stands in the stream.
    func tagged(_ tag: String, _ command: String) async throws -> [String] {
        try await write("\(tag) \(command)\r\n")
        return try await untilTagged(tag)
    }

    func untilTagged(_ tag: String) async throws -> [String] {
        var lines: [String] = []
        repeat { lines.append(try await line()) } while !lines[lines.count - 1].hasPrefix("\(tag) ")
        return lines
    }
}

/// SplitMix64: the same seed, the same run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
