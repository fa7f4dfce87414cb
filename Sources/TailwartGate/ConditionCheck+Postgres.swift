import NIOCore
import TailwartClient
import TailwartWire

/// Whether a PostgreSQL server takes connections.
///
/// With TLS where the server offers it, as its clients do (libpq's `prefer`): a server or a pooler may have another answer for
/// connections without. The certificate is not looked at, as nothing secret is sent and only the answer is wanted.
extension ConditionCheck {
    /// How long a server that has let us in may take to see our goodbye.
    private static let lingering = TimeAmount.milliseconds(500)
    /// More than ``PostgresStartup`` reads.
    private static let limits = ClientConnection.Limits(line: 0, total: 1 << 20)

    func postgres(_ endpoint: HostAndPort, within limit: Duration) async -> Finding {
        await dialer.finding(at: endpoint, within: limit, limits: Self.limits) { connection throws(ConnectionEnd) in
            var startup = PostgresStartup()
            connection.send(PostgresStartup.sslRequest)
            while true {
                switch startup.receive(try await connection.some()) {
                case .wait: continue
                case .startTLS:
                    try await connection.beginTLS(trustingTLS)
                    // Kept until the handshake is done.
                    connection.send(PostgresStartup.startupMessage)
                case .sendStartup: connection.send(PostgresStartup.startupMessage)
                case .finish(.admits):
                    // Waits for the server to end the connection: closing it with unread bytes in it would leave a line in its log.
                    connection.send(PostgresStartup.terminate)
                    _ = try? await connection.rest(until: .now() + Self.lingering)
                    return Finding(.admits)
                // Only closed: in the middle of the authentication a goodbye would be an error in the server's log.
                case .finish(let answer): return Finding(answer)
                }
            }
        }
    }
}

extension Finding {
    /// Characters of a server's text that one line shows.
    private static let shown = 120

    init(_ answer: PostgresAnswer) {
        switch answer {
        case .asksForAuthentication, .admits:
            self = .ready("takes connections")
        case .error(let error) where error.isForNow:
            let message = error.message.isEmpty ? "takes no connections" : error.message.printable(atMost: Self.shown)
            self = .waiting(
                error.code.hasPrefix("53") ? "busy" : "starting", "\(message) (\(error.code))",
                fix: "if it does not end, look at the database's log")
        case .error(let error):
            self = .ready("takes connections (\(error.code): \(error.message.printable(atMost: Self.shown)))")
        case .notPostgres(let beginning):
            self = .wrongProtocol(
                "what answers is not PostgreSQL: \"\(String(buffer: beginning).printable(atMost: Self.shown))\"")
        }
    }
}
