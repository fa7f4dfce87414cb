import NIOPosix
import TailwartClient
import TailwartCore
import TailwartSystem
import TailwartTesting
import TailwartWire

@testable import TailwartProbe

/// Generous, as only a probe of a silent server waits so long.
let patience = Duration.seconds(20)
/// For servers that stay silent.
let impatience = Duration.milliseconds(600)

let prober = Prober(group: MultiThreadedEventLoopGroup.singleton, name: { edgeName })
let edgeName = EdgeName(host: "edge.example.org", addresses: [])

extension ProbeQuestion {
    static func test(
        _ way: ProbeWay, _ proto: ListenerProtocol, _ version: ProxyProtocolOut.Version = .none,
        serverName: String? = nil, names: [String] = [], roots: String? = nil
    ) -> ProbeQuestion {
        ProbeQuestion(
            upstream: "mailbox", endpoint: "mailbox.example.org", way: way, proto: proto, proxyProtocol: version,
            serverName: serverName, expectedNames: names, trustRoots: roots)
    }
}

extension FakeStalwart.Settings {
    /// Of a mailbox that is set as a probe with this header wants it, on all ports; `none`: it takes no header.
    static func expecting(_ version: ProxyProtocolOut.Version, certificate: FakeCertificate? = nil) -> Self {
        var settings: Self = version == .none ? .init(certificate: certificate) : .trusting(certificate: certificate)
        settings.isHeaderOnHTTPS = true
        return settings
    }
}

extension FakeStalwart {
    func probe(
        _ proto: ListenerProtocol, _ version: ProxyProtocolOut.Version = .none, names: [String] = [],
        roots: String? = nil, timeout: Duration = patience
    ) async -> ProbeResult {
        let question = ProbeQuestion.test(
            .direct(address(proto)), proto, version, serverName: "mail.example.org", names: names, roots: roots)
        return await prober.probe(question, timeout: timeout, patience: timeout)
    }

    /// With every fault of behaviour that a mailbox could count or log, for comparing with none.
    var complaints: [String: Int] {
        let counters = counters
        return [
            "invalid commands": counters.invalidCommands, "empty connections": counters.emptyConnections,
            "header errors": counters.headerErrors,
        ]
    }
}

/// None of what ``FakeStalwart/complaints`` counts.
let noComplaints = ["invalid commands": 0, "empty connections": 0, "header errors": 0]

/// A server that says what a test tells it to.
func probe(
    _ proto: ListenerProtocol, _ version: ProxyProtocolOut.Version = .none, timeout: Duration = patience,
    serve: @escaping @Sendable (TestSocket) throws -> Void
) async throws -> ProbeResult {
    let server = try FakeMailbox { connection, _ in try serve(connection) }
    let result = await prober.probe(.test(.direct(server.address), proto, version), timeout: timeout, patience: timeout)
    server.close()
    return result
}

extension TestSocket {
    func say(_ lines: String...) throws { try send(lines.flatMap { Array("\($0)\r\n".utf8) }) }

    /// Reads one line, without its end.
    func hear() throws -> String {
        var bytes: [UInt8] = []
        while bytes.last != 10 { bytes += try receive(exactly: 1) }
        return String(decoding: bytes.dropLast(2), as: UTF8.self)
    }
}

extension TestSocket {
    /// The PROXY header in front of a connection, and nothing behind it.
    func receiveHeader() throws -> ProxyHeader {
        var bytes: [UInt8] = []
        while true {
            switch ProxyHeader.parse(bytes.span) {
            case .found(let header): return header
            case .invalid(let error): throw TestFailure("\(error): \(bytes)")
            case .needMore: bytes += try receive(exactly: 1)
            }
        }
    }
}

/// A server on a Unix socket for one connection, on a thread of its own, as its calls block.
func withUnixServer<Value: Sendable>(
    serve: @escaping @Sendable (TestSocket) throws -> Void, _ body: (String) async throws -> Value
) async throws -> Value {
    let folder = try TemporaryFolder()
    let path = folder.file("server.sock").path
    let listener = try TestListener(unixPath: path)
    let thread = try Thread(name: "unix server") {
        guard let connection = try? listener.accept() else { return }
        try? serve(connection)
        connection.close()
    }
    let value = try await body(path)
    thread.join()
    listener.close()
    folder.remove()
    return value
}

/// Runs the body with a fake Stalwart, a few at a time: verdicts depend on how soon a server closes, and a hundred servers at once
/// on a small machine would all be late.
func withStalwart(
    _ settings: FakeStalwart.Settings = .init(), _ body: (FakeStalwart) async throws -> Void
) async throws {
    try await turnstile.pass { try await FakeStalwart.with(settings, body) }
}

private let turnstile = Turnstile(free: 4)
