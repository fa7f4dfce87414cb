import NIOCore
import Synchronization
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartGate

/// `--postgres` against servers that say what they should not.
@Suite struct PostgresConversationTests {
    typealias Message = PostgresStartupTests

    private static let no = Array("N".utf8)
    private static let yes = Array("S".utf8)

    @Test(arguments: [
        ([no, Message.starting], "starting", "the database system is starting up (57P03)"),
        ([Message.starting], "starting", "the database system is starting up (57P03)"),
        (
            [no, Message.error("53300", "sorry, too many clients already")], "busy",
            "sorry, too many clients already (53300)"
        ),
        ([no, Message.error("57P01", "bell \u{7} and \u{1b}[31m red")], "starting", "bell ? and ?[31m red (57P01)"),
        ([no, Message.error("57P03", "")], "starting", "takes no connections (57P03)"),
        ([no, Message.authentication], "ready", "takes connections"),
        (
            [no, Message.error("28000", "role \"postgres\" does not exist")], "ready",
            "takes connections (28000: role \"postgres\" does not exist)"
        ),
        (
            [no, Message.error("28000", "no pg_hba.conf entry for host", routine: "ClientAuthentication")],
            "not_admitted", "no pg_hba.conf entry for host (28000)"
        ),
        (
            [
                no,
                Message.error(
                    "57P03", "the database system is not accepting connections", detail: "Hot standby mode is disabled."
                ),
            ], "starting", "the database system is not accepting connections: Hot standby mode is disabled (57P03)"
        ),
        (
            [no, Message.welcome(isStandby: true)], "standby", "is a standby: it answers questions and takes no writes"
        ),
        (
            [Array("220 mail.example.org ESMTP\r\n".utf8)], "wrong_protocol",
            "what answers is not PostgreSQL: \"220 mail.example.org ESMTP??\""
        ),
        ([yes + no], "wrong_protocol", "what answers is not PostgreSQL: \"SN\""),
        ([yes, Array("no TLS here".utf8)], "tls_failed", "it does not speak TLS there"),
        ([], "closed", "the connection was closed without an answer"),
        ([no], "closed", "the connection was closed without an answer"),
        ([yes], "tls_failed", "the TLS handshake was broken off"),
    ])
    func `what a server says is told`(answers: [[UInt8]], state: String, text: String) async throws {
        let server = try ScriptedServer(answers, closes: true)
        defer { server.close() }
        let finding = try await Asking.finding(.postgres(server.endpoint))
        #expect(finding.state == state)
        #expect(finding.text == text)
        #expect(finding.isReady == (state == "ready"))
    }

    @Test(arguments: [[], [no], [yes], [no, Array("R".utf8)], [no, Array("R\u{0}\u{0}".utf8)]] as [[[UInt8]]])
    func `a server that falls silent runs into the limit`(answers: [[UInt8]]) async throws {
        let server = try ScriptedServer(answers)
        defer { server.close() }
        let finding = try await Asking.finding(.postgres(server.endpoint), within: .milliseconds(500))
        #expect(finding.state == "silent")
    }

    @Test func `a stream without end is not read to its end`() async throws {
        let server = try FakeMailbox { connection, _ in
            _ = try connection.receive()
            try connection.send(Self.no)
            while true { try connection.send(Message.message("N", [UInt8](repeating: 0, count: 20_000))) }
        }
        defer { server.close() }
        let finding = try await Asking.finding(.postgres(HostAndPort("\(server.address)", example: 1)))
        #expect(finding.state == "wrong_protocol")
    }

    @Test func `a server that lets everybody in is told goodbye`() async throws {
        let heard = Mutex<[[UInt8]]>([])
        let server = try FakeMailbox { connection, _ in
            func hear(_ count: Int) throws {
                let bytes = try connection.receive(exactly: count)
                heard.withLock { $0.append(bytes) }
            }
            try hear(8)
            try connection.send(Self.no)
            try hear(PostgresStartup().startupMessage.readableBytes)
            try connection.send(Message.welcome)
            try hear(5)
            try connection.send(Message.message("S", Array("server_version\u{0}15\u{0}".utf8)))
        }
        #expect(try await Asking.finding(.postgres(HostAndPort("\(server.address)", example: 1))).isReady)
        server.close()
        let expected = [PostgresStartup.sslRequest, PostgresStartup().startupMessage, PostgresStartup.terminate]
        #expect(heard.withLock { $0 } == expected.map { Array(buffer: $0) })
    }

    @Test func `one that does not leave then is ready all the same`() async throws {
        let server = try ScriptedServer([Self.no, Message.welcome])
        defer { server.close() }
        #expect(try await Asking.finding(.postgres(server.endpoint)).isReady)
    }
}
