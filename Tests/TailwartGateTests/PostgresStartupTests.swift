import NIOCore
import TailwartTesting
import Testing

@testable import TailwartGate

/// What a server may answer, without a socket.
@Suite struct PostgresStartupTests {
    /// A message of the protocol: type, length, body.
    static func message(_ type: Character, _ body: [UInt8], length: Int32? = nil) -> [UInt8] {
        var buffer = ByteBuffer()
        buffer.writeInteger(type.asciiValue ?? 0)
        buffer.writeInteger(length ?? Int32(body.count + 4))
        buffer.writeBytes(body)
        return Array(buffer: buffer)
    }

    static func error(
        _ code: String, _ text: String, detail: String? = nil, routine: String = "ProcessStartupPacket"
    ) -> [UInt8] {
        let fields =
            "SFATAL\0VFATAL\0C\(code)\0M\(text)\0\(detail.map { "D\($0)\0" } ?? "")Fpostmaster.c\0L2415\0R\(routine)\0\0"
        return message("E", Array(fields.utf8))
    }

    static let starting = error("57P03", "the database system is starting up")
    /// SCRAM-SHA-256, as a new installation has it.
    static let authentication = message("R", [0, 0, 0, 10] + Array("SCRAM-SHA-256\0\0".utf8))
    /// Nothing is asked for, a parameter, and that questions are taken.
    static let welcome = welcome(isStandby: false)

    static func welcome(isStandby: Bool) -> [UInt8] {
        message("R", [0, 0, 0, 0]) + message("S", Array("in_hot_standby\0\(isStandby ? "on" : "off")\0".utf8))
            + message("Z", [UInt8(ascii: "I")])
    }

    /// The server's bytes in these pieces, up to the first step that is more than waiting.
    private func step(_ pieces: [[UInt8]], startedUp: Bool) -> PostgresStartup.Step {
        var startup = PostgresStartup()
        if startedUp { #expect(startup.receive(ByteBuffer(bytes: Array("N".utf8))) == .sendStartup) }
        for piece in pieces {
            let step = startup.receive(ByteBuffer(bytes: piece))
            if step != .wait { return step }
        }
        return .wait
    }

    @Test(arguments: [("N", PostgresStartup.Step.sendStartup), ("S", .startTLS), ("", .wait)])
    func `the first byte says whether TLS follows`(text: String, expected: PostgresStartup.Step) {
        #expect(step([Array(text.utf8)], startedUp: false) == expected)
    }

    @Test(arguments: ["SE", "NN", "220 mail", "SSH-2.0", "HTTP/1.1 400", "\u{0}"])
    func `anything else in its place is not PostgreSQL`(text: String) {
        guard case .finish(.notPostgres) = step([Array(text.utf8)], startedUp: false) else {
            Issue.record("\(text) was taken for an answer")
            return
        }
    }

    private static let answers: [([UInt8], PostgresAnswer)] = [
        (authentication, .asksForAuthentication), (welcome, .admits), (welcome(isStandby: true), .isStandby),
        (message("N", Array("SNOTICE\0\0".utf8)) + authentication, .asksForAuthentication),
        (message("v", [0, 0, 0, 0, 0, 0, 0, 0]) + welcome, .admits),
    ]

    @Test(arguments: answers.indices)
    func `every split of an answer is the same answer, and every prefix waits`(index: Int) {
        let (bytes, answer) = Self.answers[index]
        for split in 0...bytes.count {
            #expect(step([Array(bytes[..<split]), Array(bytes[split...])], startedUp: true) == .finish(answer))
            if split < bytes.count { #expect(step([Array(bytes[..<split])], startedUp: true) == .wait) }
        }
        #expect(step(bytes.map { [$0] }, startedUp: true) == .finish(answer))
    }

    @Test(arguments: [
        ("57P03", true), ("57P01", true), ("57P02", true), ("53300", true), ("53200", true), ("28P01", false),
        ("28000", false), ("3D000", false), ("57P04", false), ("08P01", false), ("0A000", false),
    ])
    func `an error of the server is told apart from one of this client`(code: String, isForNow: Bool) throws {
        let text = "text of \(code)"
        guard case .finish(.error(let error)) = step([Self.error(code, text)], startedUp: true) else {
            Issue.record("no error")
            return
        }
        #expect(error.code == code && error.message == text)
        #expect(error.isForNow == isForNow)
        let finding = Finding(.error(error))
        #expect(finding.isReady == !isForNow)
        #expect(finding.text.contains(text) && finding.text.contains(code))
    }

    @Test func `a server that cannot fork answers with an error in place of the byte`() {
        #expect(step([Self.starting], startedUp: false) != .wait)
    }

    @Test(arguments: [
        message("R", [], length: 3), message("R", [], length: -1), message("R", [], length: .min),
        message("E", [], length: 30_001), message("E", [], length: .max), message("R", [0, 0]), message("R", []),
        message("E", []), message("E", Array("SFATAL\0\0".utf8)), message("E", Array("C57P03".utf8)),
        message("E", Array("C57\0\0".utf8)), message("E", Array("C57p03\0\0".utf8)), message("Z", [0x49]),
        Array("220 mail.example.org ESMTP\r\n".utf8), Array("HTTP/1.1 400 Bad Request\r\n".utf8),
        (0..<20).flatMap { _ in message("N", [0]) },
    ])
    func `what is no message of this protocol ends it`(bytes: [UInt8]) {
        guard case .finish(.notPostgres) = step([bytes], startedUp: true) else {
            Issue.record("\(bytes) was taken for an answer")
            return
        }
    }

    @Test func `no bytes at all make it trap or keep more than a message`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        for _ in 0..<2000 {
            var startup = PostgresStartup()
            var bytes = [Self.authentication, Self.starting, Self.welcome].randomElement(using: &random) ?? []
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            _ = startup.receive(ByteBuffer(bytes: Array("N".utf8)))
            for byte in bytes where startup.receive(ByteBuffer(bytes: [byte])) == .wait {}
        }
        print("seed \(seed)")
    }

    @Test func `what we say is what the protocol wants`() {
        #expect(Array(buffer: PostgresStartup.sslRequest) == [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f])
        var startup = PostgresStartup().startupMessage
        #expect(startup.readInteger(as: Int32.self).map(Int.init) == startup.readableBytes + 4)
        #expect(startup.readInteger(as: Int32.self) == 196_608)
        let pairs = String(buffer: startup).split(separator: "\0", omittingEmptySubsequences: false)
        #expect(
            pairs == ["user", "postgres", "database", "postgres", "application_name", "tailwart gate", "", ""])
    }
}
