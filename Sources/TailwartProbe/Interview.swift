import NIOCore
import TailwartClient
import TailwartCore
import TailwartWire

/// The conversation with one server: waits a moment, sends the header, speaks the protocol, and stops at the first mismatch.
struct Interview {
    let connection: ClientConnection
    let proto: ListenerProtocol
    let version: ProxyProtocolOut.Version
    let serverName: String?
    let ehloName: String
    let roundTrip: Duration
    let tls: TLSContext

    /// Lines of a whole conversation. The longest that are known, Dovecot's capabilities, are about 20.
    private static let maximumLines = 100

    var hasHeader: Bool { version != .none }
    private var isImplicitTLS: Bool { proto.firstSpeaker == .client }

    func run() async -> Finding {
        // Where the client begins, the server gets a moment to show what it is before anything is said to it.
        if hasHeader || isImplicitTLS, let finding = await listen() { return finding }
        if hasHeader { connection.send(ProbeHeader.bytes(version, addresses: connection.addresses)) }
        if isImplicitTLS, let failure = await handshake(afterCommand: false) { return failure }
        guard proto != .https else { return Finding(.well, "The TLS handshake succeeds.") }
        return await converse()
    }

    /// A server that has banned the edge closes at once, and one that expects no header greets at once: both are recognised here
    /// without a byte that the server could count against the edge.
    private func listen() async -> Finding? {
        do throws(ConnectionEnd) {
            try await connection.wait(until: .now() + pause)
        } catch {
            return switch error {
            case .closed: Finding(.banned, "The server closed the connection before a byte was sent either way.")
            case .reset: Finding(.banned, "The server reset the connection before a byte was sent either way.")
            default: nil
            }
        }
        var finding = await early()
        finding.isFree = true
        return finding
    }

    /// Two round trips and some time for the server to start a process; not so long that a header would come too late, which is
    /// after 3 seconds for Dovecot and Exim.
    private var pause: TimeAmount { min(max(TimeAmount(roundTrip * 3), .milliseconds(150)), .seconds(1)) }

    private func early() async -> Finding {
        guard !isImplicitTLS, var dialogue = dialogue(isProtected: false) else { return await plainText() }
        let line: ServerLine
        do throws(ConnectionEnd) {
            line = ServerLine(try await connection.lineBytes())
        } catch {
            return await silence(error)
        }
        if case .stop(let verdict, let detail) = dialogue.receive(line), verdict != .headerNotTrusted {
            return Finding(verdict, detail, goodbye: Greeting(line.bytes).goodbye)
        }
        return Finding(
            .headerNotTrusted, "The server greets with \(line.quoted) before it has seen a header.",
            goodbye: dialogue.goodbye)
    }

    /// Greeting, STARTTLS, goodbye; over implicit TLS only greeting and goodbye.
    private func converse() async -> Finding {
        guard var dialogue = dialogue(isProtected: isImplicitTLS) else {
            return Finding(.unprobed, "The protocol \(proto.rawValue) has no probe.")
        }
        var first: ServerLine?
        var last: ServerLine?
        for _ in 0..<Self.maximumLines {
            let line: ServerLine
            do throws(ConnectionEnd) {
                line = ServerLine(try await connection.lineBytes())
            } catch {
                if let last { return interruption(error, after: last, goodbye: dialogue.goodbye) }
                return await silence(error)
            }
            first = first ?? line
            last = line
            switch dialogue.receive(line) {
            case .readOn: break
            case .say(let words): connection.send(Array("\(words)\r\n".utf8))
            case .done: return well(first, goodbye: dialogue.goodbye)
            case .startTLS:
                if let failure = await handshake(afterCommand: true) { return failure }
                return well(first, goodbye: dialogue.goodbye)
            case .stop(let verdict, let detail):
                return await stopped(verdict, detail, at: line, isFirst: first == line, dialogue)
            }
        }
        return Finding(.wrongProtocol, "The server has not come to an end after \(Self.maximumLines) lines.")
    }

    private func well(_ greeting: ServerLine?, goodbye: String) -> Finding {
        Finding(.well, "The server greets with \(greeting?.quoted ?? "''").", goodbye: goodbye)
    }

    private func stopped(
        _ verdict: Verdict, _ detail: String, at line: ServerLine, isFirst: Bool, _ dialogue: any Dialogue
    ) async -> Finding {
        guard isFirst else { return Finding(verdict, detail, goodbye: dialogue.goodbye) }
        if verdict == .busy, await hasGivenUpOnHeader() {
            return Finding(.headerRequired, "After some seconds without a header came \(line.quoted).")
        }
        let greeting = Greeting(line.bytes)
        let isFree = !hasHeader && !isImplicitTLS
        guard verdict == .wrongProtocol, greeting != .unknown, greeting != Greeting(proto) else {
            return Finding(verdict, detail, goodbye: greeting.goodbye, isFree: isFree)
        }
        return Finding(
            verdict, "The server greets like \(greeting.name): \(line.quoted).", goodbye: greeting.goodbye,
            isFree: isFree)
    }

    func dialogue(isProtected: Bool) -> (any Dialogue)? {
        let setting = DialogueSetting(hasHeader: hasHeader, isProtected: isProtected, ehloName: ehloName)
        return switch proto {
        case .smtp, .submission, .submissions: SMTPDialogue(setting)
        case .imap, .imaps: IMAPDialogue(setting)
        case .pop3, .pop3s: POP3Dialogue(setting)
        case .sieve: SieveDialogue(setting)
        case .https, .tcp: nil
        }
    }

    /// Dovecot and Exim wait 3 seconds for a header, Postfix 5; whoever turns the edge away for another reason does so at once.
    func hasGivenUpOnHeader() async -> Bool {
        guard !hasHeader else { return false }
        return await connection.delay() > .milliseconds(2500)
    }
}

/// The PROXY header of a connection that the edge makes for itself.
enum ProbeHeader {
    /// Version 2 says LOCAL. Version 1 names the probe's own socket, as Postfix refuses UNKNOWN.
    ///
    /// - Parameter addresses: both ends of the socket; nil for a Unix socket, which then looks like a connection of the host to
    ///   itself.
    static func bytes(
        _ version: ProxyProtocolOut.Version, addresses: (own: InternetAddress, peer: InternetAddress)?
    ) -> [UInt8] {
        switch version {
        case .none: return []
        case .v2: return Array(writing: ProxyHeader.maximumWrittenLength) { ProxyHeader.writeV2Local(into: &$0) }
        case .v1:
            let own = addresses?.own ?? InternetAddress(.loopbackV4, port: 1)
            let peer = addresses?.peer ?? InternetAddress(.loopbackV4, port: 1)
            return Array(writing: ProxyHeader.maximumV1Length) {
                ProxyHeader.writeV1(client: own.unmapped, destination: peer.unmapped, into: &$0)
            }
        }
    }
}

/// What the conversation with a server came to, without the certificate.
struct Finding: Sendable, Equatable {
    var verdict: Verdict
    /// A sentence.
    var detail: String
    /// What to say before closing; nil where the server is gone, or has not understood anything so far.
    var goodbye: String?
    /// Nothing was sent that a server could take for a bad command: only its greeting was read.
    var isFree = false

    init(_ verdict: Verdict, _ detail: String, goodbye: String? = nil, isFree: Bool = false) {
        self.isFree = isFree
        self.verdict = verdict
        self.detail = detail
        self.goodbye = goodbye
    }
}
