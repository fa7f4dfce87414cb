import TailwartTesting
import TailwartWire

@testable import TailwartGate

/// A server on a free port that answers each message of a client with the next of its bytes, whatever was asked.
struct ScriptedServer {
    private let mailbox: FakeMailbox

    /// - Parameters:
    ///   - answers: sent one by one, each after something has come in; behind the last one it waits for the client to leave.
    ///   - closes: ends the connection behind the last answer instead.
    ///   - greeting: sent at once.
    init(_ answers: [[UInt8]] = [], closes: Bool = false, greeting: [UInt8] = []) throws {
        mailbox = try FakeMailbox { connection, _ in
            if !greeting.isEmpty { try connection.send(greeting) }
            for answer in answers {
                guard try !connection.receive().isEmpty else { return }
                try connection.send(answer)
            }
            if !closes { _ = try connection.receiveToEnd() }
        }
    }

    var endpoint: HostAndPort { HostAndPort(host: "\(mailbox.address.ip)", port: mailbox.address.port) }

    var served: Int { mailbox.served }

    func close() { mailbox.close() }
}

extension FreePort {
    /// Where nothing listens.
    static func endpoint() throws -> HostAndPort { HostAndPort(host: "127.0.0.1", port: try take()) }
}
