import NIOCore

/// The beginning of a conversation with PostgreSQL, as far as it takes to know whether connections are taken.
///
/// Message formats: PostgreSQL documentation, chapter "Frontend/Backend Protocol", section "Message Formats".
struct PostgresStartup {
    /// What to do next.
    enum Step: Equatable {
        case wait
        /// Begin the TLS handshake, then send the startup message inside.
        case startTLS
        case sendStartup
        case finish(PostgresAnswer)
    }

    private enum Phase {
        case askedForTLS
        case startedUp
    }

    /// Of one message before the login, as libpq has it (fe-connect.c); longer ones are no PostgreSQL's.
    private static let maximumMessage = 30_000
    /// Notices and the like before the answer.
    private static let maximumMessages = 16

    private var phase = Phase.askedForTLS
    private var received = ByteBuffer()
    private var messages = 0

    /// Length 8 and the code 1234 5679.
    static let sslRequest = ByteBuffer(bytes: [0, 0, 0, 8, 4, 210, 22, 47])

    /// Protocol 3.0 with names that every installation has: with any authentication but `trust` they are not looked up yet.
    static let startupMessage: ByteBuffer = {
        var body = ByteBuffer()
        body.writeInteger(Int32(3 << 16))
        for text in ["user", "postgres", "database", "postgres", "application_name", "tailwart gate"] {
            body.writeNullTerminatedString(text)
        }
        body.writeInteger(UInt8(0))
        var message = ByteBuffer()
        message.writeInteger(Int32(body.readableBytes + 4))
        message.writeBuffer(&body)
        return message
    }()

    /// Says goodbye, so that the server writes no line about a client that vanished.
    static let terminate = ByteBuffer(bytes: [UInt8(ascii: "X"), 0, 0, 0, 4])

    /// - Parameter bytes: what has arrived since the last call.
    mutating func receive(_ bytes: ByteBuffer) -> Step {
        received.writeImmutableBuffer(bytes)
        switch phase {
        case .askedForTLS:
            switch received.readableBytesView.first {
            case nil:
                return .wait
            case UInt8(ascii: "S"):
                // More behind it was put in by somebody on the way, before the encryption (CVE-2021-23222).
                guard received.readableBytes == 1 else { return notPostgres }
                return startUp(.startTLS)
            case UInt8(ascii: "N"):
                guard received.readableBytes == 1 else { return notPostgres }
                return startUp(.sendStartup)
            default:
                // An error in place of the one byte comes from a server that cannot fork, or from none.
                return readMessages()
            }
        case .startedUp:
            return readMessages()
        }
    }

    private mutating func startUp(_ step: Step) -> Step {
        phase = .startedUp
        received.clear()
        return step
    }

    private var notPostgres: Step { .finish(.notPostgres(beginning: received)) }

    private mutating func readMessages() -> Step {
        while true {
            guard let type = received.getInteger(at: received.readerIndex, as: UInt8.self) else { return .wait }
            guard Self.isExpected(type), messages < Self.maximumMessages else { return notPostgres }
            guard let length = received.getInteger(at: received.readerIndex + 1, as: Int32.self) else { return .wait }
            guard (4...Self.maximumMessage).contains(Int(length)) else { return notPostgres }
            guard received.readableBytes > Int(length) else { return .wait }
            received.moveReaderIndex(forwardBy: 5)
            var body = received.readSlice(length: Int(length) - 4) ?? ByteBuffer()
            messages += 1
            switch type {
            case UInt8(ascii: "R"):
                guard let kind = body.readInteger(as: Int32.self) else { return notPostgres }
                return .finish(kind == 0 ? .admits : .asksForAuthentication)
            case UInt8(ascii: "E"):
                return .finish(PostgresError(body).map(PostgresAnswer.error) ?? .notPostgres(beginning: body))
            default:
                continue
            }
        }
    }

    /// Authentication, error, notice, negotiation of the version.
    private static func isExpected(_ type: UInt8) -> Bool { "RENv".utf8.contains(type) }
}

/// How far a PostgreSQL server lets a client come.
enum PostgresAnswer: Equatable {
    /// It wants a password or the like: that is as far as one gets without.
    case asksForAuthentication
    /// It wants none.
    case admits
    case error(PostgresError)
    case notPostgres(beginning: ByteBuffer)
}

/// An ErrorResponse: fields of one byte for the kind and a text that ends with a zero.
struct PostgresError: Equatable {
    /// SQLSTATE: five characters (PostgreSQL documentation, appendix A).
    let code: String
    /// In the server's language.
    let message: String

    init?(_ body: ByteBuffer) {
        var body = body
        var fields: [UInt8: String] = [:]
        while let kind = body.readInteger(as: UInt8.self), kind != 0 {
            guard let text = body.readNullTerminatedString() else { return nil }
            fields[kind] = text
        }
        guard let code = fields[UInt8(ascii: "C")], code.utf8.count == 5,
            code.utf8.allSatisfy({ "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8.contains($0) })
        else { return nil }
        self.code = code
        message = fields[UInt8(ascii: "M")] ?? ""
    }

    /// Whether the server turns everybody away for now, whoever they are.
    ///
    /// Starting, shutting down, crashed (57P01 to 57P03; a standby that does not answer questions says 57P03 too), or out of
    /// connections, memory or disk (class 53). Any other error is about this client, and a client that is let in would be.
    var isForNow: Bool { code.hasPrefix("53") || ["57P01", "57P02", "57P03"].contains(code) }
}
