import NIOCore
import TailwartClient
import TailwartWire

/// A mail client that waits for mail, which is what most connections through an edge do.
extension SelfTest {
    func idleAndFetch() async throws -> String {
        let reader = await canBind(Self.thirdClient) ? Self.thirdClient : .loopbackV4
        let sender = await canBind(Self.secondClient) ? Self.secondClient : .loopbackV4
        return try await connected(to: edge.imaps, from: reader, tls: mailTLS()) { connection in
            try await expectGreeting(of: reader, on: connection)
            _ = try await untilTagged("a1", "LOGIN user password", on: connection)
            let opened = try await untilTagged("a2", "SELECT INBOX", on: connection)
            let known = opened.lines.compactMap(Self.exists).last ?? 0
            try await connection.write("a3 IDLE\r\n")
            while try await !connection.line().hasPrefix("+") {}
            let token = try await deliver(from: sender)
            try await untilExists(on: connection)
            _ = try await untilTagged("a3", "DONE", isContinuation: true, on: connection)
            let fetched = try await untilTagged("a4", "FETCH \(known + 1):* (UID BODY.PEEK[])", on: connection)
            guard let message = fetched.literals.first(where: { $0.firstRange(of: "Subject: \(token)\r\n") != nil })
            else {
                throw CheckFailure("FETCH returned \(fetched.literals.count) messages, none with the token \(token)")
            }
            guard message.firstRange(of: "\r\n.a dot\r\n") != nil else {
                throw CheckFailure("the message was changed on its way")
            }
            let expected = "(\(SMTPEnvelope.literal(sender)))"
            guard message.prefix(while: { $0 != "\r\n" }).firstRange(of: expected) != nil else {
                throw CheckFailure("the Received header does not name the sending client \(expected)")
            }
            try await connection.write("a5 LOGOUT\r\n")
            return "EXISTS came while idle; the message from \(sender) was read by \(reader)"
        }
    }

    private func untilExists(on connection: ClientConnection) async throws {
        do throws(ConnectionEnd) {
            while try await Self.exists(connection.line()) == nil {}
        } catch {
            throw CheckFailure("no EXISTS while idle: \(error)")
        }
    }

    /// The number in `* 3 EXISTS`.
    private static func exists(_ line: String) -> Int? {
        let words = line.split(separator: " ")
        guard words.count == 3, words[0] == "*", words[2] == "EXISTS" else { return nil }
        return Int(words[1])
    }

    /// Sends a command and reads up to its tagged OK, with the literals in between.
    private func untilTagged(
        _ tag: String, _ command: String, isContinuation: Bool = false, on connection: ClientConnection
    ) async throws -> (lines: [String], literals: [String]) {
        try await connection.write(isContinuation ? "\(command)\r\n" : "\(tag) \(command)\r\n")
        var lines: [String] = []
        var literals: [String] = []
        while true {
            let line: String
            do throws(ConnectionEnd) {
                line = try await connection.line()
            } catch {
                throw CheckFailure("no reply to \(command): \(error)")
            }
            if line.hasPrefix("\(tag) ") {
                guard line.hasPrefix("\(tag) OK") else {
                    throw CheckFailure("\(command) was answered with \"\(line)\"")
                }
                return (lines, literals)
            }
            if line.last == "}", let start = line.lastIndex(of: "{"),
                let count = Int(line[start...].dropFirst().dropLast())
            {
                literals.append(String(buffer: try await connection.bytes(min(max(count, 0), 1 << 20))))
            }
            lines.append(line)
        }
    }
}
