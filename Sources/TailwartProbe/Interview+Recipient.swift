import NIOCore
import Synchronization
import TailwartClient
import TailwartCore

/// Whether mail is taken: as far as a sender gets before it has said anything of the mail itself.
extension Interview {
    /// MAIL and RCPT wait for the server's own DNS.
    private static let recipientPatience = TimeAmount.seconds(60)

    /// Behind a handshake, as behind that the server knows nothing of its client (RFC 3207 section 4.2). Begins nothing that is not taken
    /// back.
    ///
    /// - Returns: nil if no answer came that says something.
    func ask(for recipient: String) async -> Finding.Recipient? {
        var connection = connection
        connection.patience = .until(.now() + Self.recipientPatience)
        let commands = ["EHLO \(ehloName)", "MAIL FROM:<>", "RCPT TO:<\(recipient)>"]
        for command in commands {
            connection.send(Array("\(command)\r\n".utf8))
            guard let (reply, line) = await Self.reply(on: connection) else { return nil }
            let answer = RecipientAnswer(code: reply.code, reply: line.text)
            if command == commands.last || answer != .taken {
                // What a server says against an EHLO says nothing about mail.
                guard command != commands.first || reply.code == 421 else { return nil }
                connection.send(Array("RSET\r\n".utf8))
                _ = await Self.reply(on: connection)
                return Finding.Recipient(answer: answer, detail: Self.detail(command, line))
            }
        }
        return nil
    }

    private static func detail(_ command: String, _ line: ServerLine) -> String {
        // Stalwart's words while its store cannot be read.
        let isDatabaseAway = line.text.contains("Unable to verify address at this time")
        return "The server answers '\(command)' with \(line.quoted)\(isDatabaseAway ? ": its database is away" : "")."
    }

    private static func reply(on connection: ClientConnection) async -> (SMTPReply, ServerLine)? {
        for _ in 0..<maximumLines {
            guard let bytes = try? await connection.lineBytes() else { return nil }
            let line = ServerLine(bytes)
            guard let reply = SMTPReply(line.text) else { return nil }
            if reply.isLast { return (reply, line) }
        }
        return nil
    }
}

extension Finding {
    /// What came of asking about a recipient.
    struct Recipient: Sendable, Equatable {
        let answer: RecipientAnswer
        /// A sentence.
        let detail: String
    }
}

/// What mail servers say of their recipients, from one probe to the next.
final class Recipients: Sendable {
    /// One for each question that is asked.
    private let watches = Mutex<[ProbeQuestion: RecipientWatch]>([:])

    /// Whom to ask about now.
    ///
    /// - Parameter isSuspected: whether clients hand over nothing.
    func due(_ question: ProbeQuestion, isSuspected: Bool, at now: ContinuousClock.Instant) -> String? {
        guard question.proto == .smtp, let recipient = question.recipient else { return nil }
        let isDue = watches.withLock { $0[Self.key(question)]?.isDue(at: now, isSuspected: isSuspected) } ?? true
        return isDue ? recipient : nil
    }

    /// Somebody wants to know how it is now at an endpoint.
    func ask(upstream: String, endpoint: String) {
        watches.withLock { watches in
            for key in watches.keys where key.upstream == upstream && key.endpoint == endpoint { watches[key]?.ask() }
        }
    }

    func record(
        _ answer: RecipientAnswer, _ detail: String, _ question: ProbeQuestion, at now: ContinuousClock.Instant
    ) {
        watches.withLock { watches in
            watches = watches.filter { !$0.value.isOver(at: now) }
            watches[Self.key(question), default: RecipientWatch()].record(answer, detail: detail, at: now)
        }
    }

    func joined(_ result: ProbeResult, _ question: ProbeQuestion) -> ProbeResult {
        watches.withLock { $0[Self.key(question)] }?.joined(result) ?? result
    }

    /// Whether it listens first is no matter.
    private static func key(_ question: ProbeQuestion) -> ProbeQuestion {
        var key = question
        key.listensFor = nil
        return key
    }
}
