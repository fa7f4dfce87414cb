import NIOCore
import TailwartClient

/// Half-close: one side's end must not cut off the other side (RFC 9293 section 3.6).
extension SelfTest {
    /// More than any buffer on the way holds, so that the end is said while bytes are still in flight.
    private static let streamLength = 1 << 20

    var streamSteps: [Step] {
        [
            Step("half-close: the whole SMTP answer comes after the client's end") { try await halfClosedSMTP() },
            Step("half-close: 1 MiB comes back after the client's end") { try await halfClosedEcho() },
        ]
    }

    private func halfClosedSMTP() async throws -> String {
        try await connected(to: edge.smtp) { connection in
            try await connection.write("EHLO selftest.example.net\r\nQUIT\r\n", isLast: true)
            let answer = String(buffer: try await connection.rest())
            let lines = answer.split(separator: "\r\n")
            guard !lines.isEmpty else {
                throw CheckFailure("nothing came: the edge closed both sides at once, or the mailbox was not reached")
            }
            guard lines.first?.hasPrefix("220 ") == true else {
                throw CheckFailure("the answer does not begin with a greeting but with \"\(lines.first ?? "")\"")
            }
            guard lines.last?.hasPrefix("221 ") == true, answer.hasSuffix("\r\n") else {
                throw CheckFailure(
                    "the answer ends early, with \"\(lines.last ?? "")\": the edge closed both sides at once")
            }
            return "\(lines.count) lines, the last is the reply to QUIT"
        }
    }

    private func halfClosedEcho() async throws -> String {
        try await connected(to: edge.echo) { connection in
            var sent = ByteBuffer()
            // 251 is a prime, so the pattern repeats in step with no buffer size.
            sent.writeBytes((0..<Self.streamLength).map { UInt8($0 % 251) })
            try await connection.write(sent, isLast: true)
            var answer = try await connection.rest()
            let expected = EchoHandler.trailer(Self.streamLength)
            guard let echoed = answer.readSlice(length: Self.streamLength) else {
                throw CheckFailure(
                    "\(answer.readableBytes) of \(Self.streamLength) bytes came back: the stream was cut off")
            }
            guard echoed == sent else { throw CheckFailure("the bytes that came back are not those that were sent") }
            guard String(buffer: answer) == expected else {
                throw CheckFailure("the line after the echo is \"\(String(buffer: answer))\", expected \"\(expected)\"")
            }
            return "\(Self.streamLength) bytes and the line after them"
        }
    }
}
