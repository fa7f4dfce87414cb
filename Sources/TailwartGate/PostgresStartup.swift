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
        case send(ByteBuffer)
        case finish(PostgresAnswer)
    }

    private enum Phase {
        case askedForTLS
        case startedUp
        case proving(SCRAM)
        /// The login is good, or none is asked for. Whether the database is there comes behind it, and whether it takes writes.
        case loggedIn
    }

    /// Of one message before the login, as libpq has it (fe-connect.c); longer ones are no PostgreSQL's.
    private static let maximumMessage = 30_000
    /// Notices and the like before the answer.
    private static let maximumMessages = 16
    /// With those behind a login: a dozen settings.
    private static let maximumMessagesOfLogin = 100

    private var phase: Phase
    /// Whether it says that it takes no writes.
    private var isStandby = false
    private var received = ByteBuffer()
    private var messages = 0
    private let login: PostgresLogin?
    private let nonce: String

    /// - Parameters:
    ///   - login: to be proven; nil: only whether connections are taken.
    ///   - nonce: see ``SCRAM``.
    ///   - asksForTLS: whether ``sslRequest`` is sent first; else ``startupMessage`` is.
    init(_ login: PostgresLogin? = nil, nonce: String = "", asksForTLS: Bool = true) {
        self.login = login
        self.nonce = nonce
        phase = asksForTLS ? .askedForTLS : .startedUp
    }

    /// Length 8 and the code 1234 5679.
    static let sslRequest = ByteBuffer(bytes: [0, 0, 0, 8, 4, 210, 22, 47])

    /// Protocol 3.0. Without a login with names that every installation has: with any authentication but `trust` they are not looked up
    /// yet.
    var startupMessage: ByteBuffer {
        var body = ByteBuffer()
        body.writeInteger(Int32(3 << 16))
        let (user, database) = (login?.user ?? "postgres", login?.database ?? "postgres")
        for text in ["user", user, "database", database, "application_name", "tailwart gate"] {
            body.writeNullTerminatedString(text)
        }
        body.writeInteger(UInt8(0))
        return Self.message(nil, body)
    }

    private static func message(_ type: Character?, _ body: ByteBuffer) -> ByteBuffer {
        var message = ByteBuffer()
        if let type = type?.asciiValue { message.writeInteger(type) }
        message.writeInteger(Int32(body.readableBytes + 4))
        message.writeImmutableBuffer(body)
        return message
    }

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
        case .startedUp, .proving, .loggedIn:
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
            let most = login == nil && !isLoggedIn ? Self.maximumMessages : Self.maximumMessagesOfLogin
            guard isExpected(type), messages < most else { return notPostgres }
            guard let length = received.getInteger(at: received.readerIndex + 1, as: Int32.self) else { return .wait }
            guard (4...Self.maximumMessage).contains(Int(length)) else { return notPostgres }
            guard received.readableBytes > Int(length) else { return .wait }
            received.moveReaderIndex(forwardBy: 5)
            var body = received.readSlice(length: Int(length) - 4) ?? ByteBuffer()
            messages += 1
            switch type {
            case UInt8(ascii: "R"):
                guard let kind = body.readInteger(as: Int32.self) else { return notPostgres }
                guard let step = authenticate(kind, body) else { continue }
                return step
            case UInt8(ascii: "S"):
                // A parameter's name and value; this one is reported since PostgreSQL 14.
                if String(buffer: body) == "in_hot_standby\0on\0" { isStandby = true }
            case UInt8(ascii: "Z"):
                return .finish(isStandby ? .isStandby : .admits)
            case UInt8(ascii: "E"):
                return .finish(PostgresError(body).map(PostgresAnswer.error) ?? .notPostgres(beginning: body))
            default:
                continue
            }
        }
    }

    /// Answers one request of the authentication; nil where the server goes on by itself.
    private mutating func authenticate(_ kind: Int32, _ body: ByteBuffer) -> Step? {
        let text = String(buffer: body)
        switch (kind, phase) {
        // AuthenticationOk. A server that was to prove itself has done so before.
        case (0, .startedUp):
            phase = .loggedIn
            return nil
        case _ where login == nil: return .finish(.asksForAuthentication)
        // AuthenticationCleartextPassword, AuthenticationMD5Password. Whose server it is nobody has verified, so it gets neither the password
        // nor a hash that it can log in with (MD5 is that).
        case (3, .startedUp): return .finish(.asksForPassword(.clear))
        case (5, .startedUp): return .finish(.asksForPassword(.md5))
        // AuthenticationSASL: the names of what it knows.
        case (10, .startedUp) where text.split(separator: "\0").contains("SCRAM-SHA-256"):
            let scram = SCRAM(password: login?.password ?? "", nonce: nonce)
            phase = .proving(scram)
            var answer = ByteBuffer()
            answer.writeNullTerminatedString("SCRAM-SHA-256")
            answer.writeInteger(Int32(scram.first.utf8.count))
            answer.writeString(scram.first)
            return .send(Self.message("p", answer))
        // AuthenticationSASLContinue.
        case (11, .proving(var scram)):
            guard let proof = scram.proof(for: text) else { return notPostgres }
            phase = .proving(scram)
            return .send(Self.message("p", ByteBuffer(string: proof)))
        // AuthenticationSASLFinal.
        case (12, .proving(let scram)):
            guard scram.isProven(by: text) else { return .finish(.isSomebodyElse) }
            phase = .startedUp
            return nil
        default:
            return .finish(.asksForAuthentication)
        }
    }

    private var isLoggedIn: Bool { if case .loggedIn = phase { true } else { false } }

    /// Authentication, error, notice, negotiation of the version; behind a login settings, the key to cancel with, and that it is ready.
    private func isExpected(_ type: UInt8) -> Bool {
        (isLoggedIn ? "RENvSKZ" : "RENv").utf8.contains(type)
    }
}

/// How far a PostgreSQL server lets a client come.
enum PostgresAnswer: Equatable {
    /// It wants a password or the like: that is as far as one gets without.
    case asksForAuthentication
    /// It wants, for the login that is to be proven, what would give the password away.
    case asksForPassword(PostgresPasswordForm)
    /// It wants none; or the login that is to be proven is good, and the database is there.
    case admits
    /// The same, and it takes no writes.
    case isStandby
    /// It does not know the password that it asks for.
    case isSomebodyElse
    case error(PostgresError)
    case notPostgres(beginning: ByteBuffer)
}

/// How a server may ask for a password that it is then told, or as good as told.
enum PostgresPasswordForm {
    case clear
    case md5
}

/// Who is to be let in.
package struct PostgresLogin: Sendable, Hashable {
    package let user: String
    package let database: String
    let password: String
    /// Where the password is from: a variable of the environment.
    package let variable: String

    /// - Throws: for names or a password that PostgreSQL cannot be told.
    package init(user: String, database: String?, password: String, variable: String) throws(WrongUse) {
        for text in [user, database ?? user, password] where text.isEmpty || text.utf8.contains(0) {
            throw WrongUse("neither the user, the database nor the password in $\(variable) may be empty")
        }
        self.user = user
        self.database = database ?? user
        self.password = password
        self.variable = variable
    }
}

/// An ErrorResponse: fields of one byte for the kind and a text that ends with a zero.
struct PostgresError: Equatable {
    /// SQLSTATE: five characters (PostgreSQL documentation, appendix A).
    let code: String
    /// In the server's language.
    let message: String
    /// Behind the message, without a full stop; empty where there is none.
    let detail: String
    /// Whether pg_hba.conf turns this user away from this host, before anybody asks for a password (auth.c). Code 28000 is said of roles too.
    let isOfHostRules: Bool

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
        let detail = fields[UInt8(ascii: "D")] ?? ""
        self.detail = detail.hasSuffix(".") ? String(detail.dropLast()) : detail
        isOfHostRules = code == "28000" && fields[UInt8(ascii: "R")] == "ClientAuthentication"
    }

    /// Whether the server turns everybody away for now, whoever they are.
    ///
    /// Starting, shutting down, crashed (57P01 to 57P03; a standby that does not answer questions says 57P03 too), or out of
    /// connections, memory or disk (class 53). Any other error is about this client, and a client that is let in would be.
    var isForNow: Bool { code.hasPrefix("53") || ["57P01", "57P02", "57P03"].contains(code) }
}
