import NIOCore
import TailwartClient
import TailwartWire

/// Whether a PostgreSQL server takes connections, and lets somebody in.
///
/// With TLS where the server offers it, as its clients do (libpq's `prefer`): a server or a pooler may have another answer for
/// connections without. The certificate is not looked at, so nobody knows who answers: SCRAM sends no password, and to a login that would give
/// it away the answer is a finding.
extension ConditionCheck {
    /// How long a server that has let us in may take to see our goodbye.
    private static let lingering = TimeAmount.milliseconds(500)
    /// More than ``PostgresStartup`` reads.
    private static let limits = ClientConnection.Limits(line: 0, total: 1 << 20)

    func postgres(_ endpoint: HostAndPort, within limit: Duration) async -> Finding {
        let start = ContinuousClock.now
        let (finding, mayBeBareOnly) = await postgres(endpoint, within: limit, asksForTLS: true)
        guard mayBeBareOnly else { return finding }
        // As libpq has it: pg_hba.conf may have lines for connections without TLS only (hostnossl).
        let (other, _) = await postgres(
            endpoint, within: max(.zero, limit - (ContinuousClock.now - start)), asksForTLS: false)
        return other.isReady ? other : finding
    }

    /// - Returns: with the finding, whether pg_hba.conf turned away a connection that had TLS.
    private func postgres(
        _ endpoint: HostAndPort, within limit: Duration, asksForTLS: Bool
    ) async -> (finding: Finding, isOfHostRulesInTLS: Bool) {
        let login = login
        var hasTLS = false
        var isOfHostRules = false
        let finding = await dialer.finding(at: endpoint, within: limit, limits: Self.limits) {
            connection throws(ConnectionEnd) in
            var startup = PostgresStartup(login, nonce: Self.nonce(), asksForTLS: asksForTLS)
            connection.send(asksForTLS ? PostgresStartup.sslRequest : startup.startupMessage)
            while true {
                switch startup.receive(try await connection.some()) {
                case .wait: continue
                case .startTLS:
                    hasTLS = true
                    try await connection.beginTLS(trustingTLS)
                    // Kept until the handshake is done.
                    connection.send(startup.startupMessage)
                case .sendStartup: connection.send(startup.startupMessage)
                case .send(let message): connection.send(message)
                case .finish(let answer) where answer == .admits || answer == .isStandby:
                    // Waits for the server to end the connection: closing it with unread bytes in it would leave a line in its log.
                    connection.send(PostgresStartup.terminate)
                    _ = try? await connection.rest(until: .now() + Self.lingering)
                    return Finding(answer, login)
                // Only closed: in the middle of the authentication a goodbye would be an error in the server's log.
                case .finish(let answer):
                    if case .error(let error) = answer { isOfHostRules = error.isOfHostRules }
                    return Finding(answer, login)
                }
            }
        }
        return (finding, hasTLS && isOfHostRules)
    }

    /// 18 bytes of chance, as libpq has them.
    private static func nonce() -> String {
        Base64.encode((0..<18).map { _ in UInt8.random(in: 0...255) })
    }
}

extension Finding {
    /// Characters of a server's text that one line shows.
    fileprivate static let shown = 120

    /// How long a login that was refused is not tried again: each try is a line in the server's log.
    private static let loginPause = Duration.seconds(10)

    /// - Parameter login: the one that was to be proven.
    init(_ answer: PostgresAnswer, _ login: PostgresLogin? = nil) {
        switch (answer, login) {
        case (.admits, let login?):
            self = .ready("lets \(login.user.shown) into the database \(login.database.shown)")
        case (.asksForAuthentication, let login?):
            self = .waiting(
                "login_unsupported", "asks for a kind of login that is not supported here",
                fix: "use scram-sha-256 for \(login.user.shown), or leave --postgres-user out", pause: Self.loginPause)
        case (.asksForPassword(let form), let login?):
            self = .waiting(
                "login_unsafe", form.text,
                fix:
                    "use scram-sha-256 in the server's pg_hba.conf, with password_encryption = 'scram-sha-256', and set the password of "
                    + "\(login.user.shown) anew: an older one is kept as MD5",
                pause: Self.loginPause)
        case (.isStandby, _):
            self = .waiting(
                "standby", "is a standby: it answers questions and takes no writes",
                fix: "name the primary, or promote this one")
        case (.isSomebodyElse, _):
            self = .waiting(
                "login_refused", "what answers does not know the password itself",
                fix: "see who answers there; no password was sent", pause: Self.loginPause)
        case (.error(let error), let login?) where !error.isForNow:
            self = .waiting(
                "login_refused", error.words,
                fix: error.fix(login),
                pause: Self.loginPause)
        case (let answer, _): self.init(unproven: answer)
        }
    }

    private init(unproven answer: PostgresAnswer) {
        switch answer {
        case .asksForAuthentication, .asksForPassword, .admits, .isStandby, .isSomebodyElse:
            self = .ready("takes connections")
        case .error(let error) where error.isForNow:
            self = .waiting(
                error.code.hasPrefix("53") ? "busy" : "starting", error.words,
                fix: "if it does not end, look at the database's log")
        case .error(let error) where error.isOfHostRules:
            self = .waiting(
                "not_admitted", error.words,
                fix:
                    "let this host in, in the server's pg_hba.conf; if it lets another user in, ask as that one: --postgres-user NAME",
                pause: Self.loginPause)
        case .error(let error):
            self = .ready("takes connections (\(error.code): \(error.text))")
        case .notPostgres(let beginning):
            self = .wrongProtocol(
                "what answers is not PostgreSQL: \"\(String(buffer: beginning).printable(atMost: Self.shown))\"")
        }
    }
}

extension PostgresPasswordForm {
    fileprivate var text: String {
        switch self {
        case .clear:
            "asks for the password in the clear; it was not sent, as nobody has verified whose server this is"
        case .md5:
            "asks for the password as MD5; it was not sent, as who hears that can log in with it"
        }
    }
}

extension PostgresError {
    fileprivate var words: String { "\(text.isEmpty ? "takes no connections" : text) (\(code))" }

    /// What the server said.
    fileprivate var text: String {
        [message, detail].filter { !$0.isEmpty }.map { $0.printable(atMost: Finding.shown) }.joined(separator: ": ")
    }

    /// What to do for a login that it refuses.
    fileprivate func fix(_ login: PostgresLogin) -> String {
        switch code {
        case "28P01":
            "correct the password in $\(login.variable), or set it in the database: ALTER ROLE \"\(login.user.shown)\" PASSWORD '…'"
        case "3D000": "make it: CREATE DATABASE \"\(login.database.shown)\" OWNER \"\(login.user.shown)\""
        case "28000": "let the user in from this host, in the server's pg_hba.conf"
        default: "look at the database's log"
        }
    }
}

extension String {
    fileprivate var shown: String { printable(atMost: 63) }
}
