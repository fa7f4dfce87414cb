import TailwartClient

/// What a web server answers for one page; only the status is looked at.
extension ConditionCheck {
    /// The head, and the handshake before it; the body is not waited for.
    private static let limits = ClientConnection.Limits(line: 0, total: HTTPReader.maximumHead + (64 << 10))

    private static let notWeb = Finding.wrongProtocol("what answers is not a web server")

    func page(_ url: WebURL, within limit: Duration) async -> Finding {
        await dialer.finding(at: url.endpoint, within: limit, limits: Self.limits) { connection throws(ConnectionEnd) in
            if url.isEncrypted {
                // An address is compared with the certificate's addresses, and is not sent as a server name (RFC 6066 section 3).
                let name = url.endpoint.address == nil ? url.endpoint.host : nil
                try await connection.startTLS(webTLS, serverName: name, host: url.endpoint.host)
            }
            let question = HTTPQuestion(
                url.url.requestTarget, host: url.hostField,
                fields: [("User-Agent", "tailwart gate"), ("Accept", "*/*")])
            do throws(ConnectionEnd) {
                let answer = try await connection.ask(question, isStatusEnough: true)
                return answer.map { Finding(status: $0.status) } ?? Self.notWeb
            } catch {
                guard error != .tooMuch else { return Self.notWeb }
                throw error
            }
        }
    }
}

extension Finding {
    /// A redirect counts: many health pages send a client from http to https.
    init(status: Int) {
        self =
            (200..<400).contains(status)
            ? .ready("answers with \(status)")
            : .waiting(
                "status", "answers with \(status)",
                fix: status == 404 ? "correct the path" : "look at that server's log")
    }
}
