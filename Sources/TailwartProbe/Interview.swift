import NIOCore
import TailwartClient
import TailwartCore
import TailwartWire

/// The conversation with one server: waits a moment, sends the header, speaks the protocol, and stops at the first mismatch.
struct Interview {
    let connection: ClientConnection
    let proto: ListenerProtocol
    let version: ProxyProtocolOut.Version
    /// Another address of this host, for the header to name; nil: the header says that the edge itself comes.
    let ownAddress: IPAddress?
    let serverName: String?
    let ehloName: EdgeName
    let roundTrip: Duration
    let tls: TLSContext

    /// Lines of a whole conversation. The longest that are known, Dovecot's capabilities, are about 20.
    static let maximumLines = 100
    /// From here on a greeting is slow. Dovecot and Exim give up a client without a header after 3 s; mail programs wait 10 and more.
    private static let slowGreeting = Duration.seconds(3)
    /// For what a server says to the rest of a header, once it has answered the beginning.
    private static let secondReply = TimeAmount.seconds(2)

    var hasHeader: Bool { version != .none }
    var isImplicitTLS: Bool { proto.firstSpeaker == .client }

    /// - Parameter recipient: whom to ask about, if all goes well so far; nil: nobody.
    func run(askingFor recipient: String? = nil) async -> Finding {
        // Where the client begins, the server gets a moment to show what it is before anything is said to it.
        if hasHeader || isImplicitTLS, let finding = await listen(for: pause) { return finding }
        sendHeader()
        if isImplicitTLS {
            if hasHeader, let finding = await complaint() { return finding }
            if let failure = await handshake(afterCommand: false) { return failure }
        }
        guard proto != .https else { return Finding(.well, "The TLS handshake succeeds.") }
        return await converse(askingFor: recipient)
    }

    /// The header and a hello, without a look at what the server says before: it says nothing.
    func beginTLS() async -> Finding {
        sendHeader()
        return await handshake(afterCommand: false) ?? Finding(.well, "The TLS handshake succeeds.")
    }

    private func sendHeader() {
        guard hasHeader else { return }
        connection.send(ProbeHeader.bytes(version, addresses: connection.addresses, naming: ownAddress))
    }

    /// Greeting, STARTTLS, goodbye; over implicit TLS only greeting and goodbye.
    private func converse(askingFor recipient: String?) async -> Finding {
        var greeter = Greeter()
        var finding = await converse(with: &greeter, askingFor: recipient)
        finding.greeter = Greeter(server: finding.greeter.server ?? greeter.server, name: greeter.name)
        return finding
    }

    /// - Parameter greeter: who greets, if it says so.
    private func converse(with greeter: inout Greeter, askingFor recipient: String?) async -> Finding {
        guard var dialogue = dialogue(isProtected: isImplicitTLS) else {
            return Finding(.unprobed, "The protocol \(proto.rawValue) has no probe.")
        }
        let start = ContinuousClock.now
        var greeted: Duration?
        var first: ServerLine?
        var last: ServerLine?
        for _ in 0..<Self.maximumLines {
            let line: ServerLine
            do throws(ConnectionEnd) {
                line = ServerLine(try await connection.lineBytes())
            } catch {
                guard let first, let last else { return await silence(error) }
                if greeted == nil, error == .deadline { return unfinished(first) }
                return interruption(error, after: last, goodbye: dialogue.goodbye)
            }
            if first == nil, await beginsWithHeader() { return .headerFromThere }
            first = first ?? line
            last = line
            if greeted == nil { greeter.read(line) }
            let step = dialogue.receive(line)
            if step != .readOn { greeted = greeted ?? ContinuousClock.now - start }
            switch step {
            case .readOn: break
            case .say(let words): connection.send(Array("\(words)\r\n".utf8))
            case .done: return well(first, after: greeted, goodbye: dialogue.goodbye)
            case .startTLS:
                if let failure = await handshake(afterCommand: true) { return failure }
                var finding = well(first, after: greeted, goodbye: dialogue.goodbye)
                if let recipient { finding.recipient = await ask(for: recipient) }
                return finding
            case .stop(let verdict, let detail):
                return await stopped(verdict, detail, at: line, isFirst: first == line, dialogue)
            case .suspect(let verdict, let detail):
                return await isAnsweredAgain
                    ? Finding(
                        .headerNotTrusted, "The server answered the PROXY header with \(line.quoted).",
                        goodbye: dialogue.goodbye)
                    : await stopped(verdict, detail, at: line, isFirst: first == line, dialogue)
            }
        }
        return Finding(.wrongProtocol, "The server has not come to an end after \(Self.maximumLines) lines.")
    }

    /// Whether another reply comes to what was one command of the probe: then the header in front of it was another.
    private var isAnsweredAgain: Bool {
        get async {
            do throws(ConnectionEnd) {
                try await connection.wait(until: .now() + Self.secondReply)
                return true
            } catch {
                return false
            }
        }
    }

    private func well(_ greeting: ServerLine?, after time: Duration?, goodbye: String) -> Finding {
        let words = greeting?.quoted ?? "''"
        guard let time, time >= Self.slowGreeting else {
            return Finding(.well, "The server greets with \(words).", goodbye: goodbye)
        }
        return Finding(
            .slow, "The server greets with \(words), which was complete after \(time.components.seconds) s.",
            goodbye: goodbye)
    }

    /// Who has begun to greet lives, and may take minutes (RFC 5321 section 4.5.3.2.1). No goodbye, which would come too early.
    private func unfinished(_ first: ServerLine) -> Finding {
        Finding(.slow, "The server's greeting begins with \(first.quoted), and its end did not come in time.")
    }

    private func stopped(
        _ verdict: Verdict, _ detail: String, at line: ServerLine, isFirst: Bool, _ dialogue: any Dialogue
    ) async -> Finding {
        guard isFirst else { return Finding(verdict, detail, goodbye: dialogue.goodbye) }
        if verdict == .busy, await saysThatHeaderIsMissing() {
            return .headerMissing("In place of a greeting came \(line.quoted).", wasSent: hasHeader)
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
        let setting = DialogueSetting(hasHeader: hasHeader, isProtected: isProtected, ehloName: ehloName.description)
        return switch proto {
        case .smtp, .submission, .submissions: SMTPDialogue(setting)
        case .imap, .imaps: IMAPDialogue(setting)
        case .pop3, .pop3s: POP3Dialogue(setting)
        case .sieve: SieveDialogue(setting)
        case .https, .tcp: nil
        }
    }

    /// Whether the server was silent for as long as one that waits for a header: Dovecot and Exim wait 3 seconds for one, Postfix 5.
    /// Others may have been as slow for reasons of their own.
    func hasWaited() async -> Bool { await connection.delay() > .milliseconds(2500) }

    /// Whether the server began as a proxy begins, with a PROXY header.
    func beginsWithHeader() async -> Bool {
        let bytes = await connection.firstBytes()
        return ProxyHeader.isBegun(by: bytes.span)
    }

    /// Postfix's smtpd says so of a header that is missing or broken, and of nothing else (`smtpd_proto`, SMTPD_FLAG_HANGUP).
    func saysThatHeaderIsMissing() async -> Bool {
        let words = String(decoding: await connection.firstBytes(), as: UTF8.self)
        return words.hasPrefix("421 4.3.0 ") && words.contains(" Server local error")
    }
}

/// The PROXY header of a connection that the edge makes for itself.
enum ProbeHeader {
    /// Version 2 says LOCAL. Version 1 names the probe's own socket, as Postfix refuses UNKNOWN.
    ///
    /// - Parameters:
    ///   - addresses: both ends of the socket; nil for a Unix socket, which then looks like a connection of the host to itself.
    ///   - named: another address of this host that the connection is to come from; nil: as above.
    static func bytes(
        _ version: ProxyProtocolOut.Version, addresses: (own: InternetAddress, peer: InternetAddress)?,
        naming named: IPAddress? = nil
    ) -> [UInt8] {
        switch version {
        case .none: return []
        case .v2 where named == nil:
            return Array(writing: ProxyHeader.maximumWrittenLength) { ProxyHeader.writeV2Local(into: &$0) }
        case .v1, .v2:
            var own = (addresses?.own ?? InternetAddress(.loopbackV4, port: 1)).unmapped
            var peer = (addresses?.peer ?? InternetAddress(.loopbackV4, port: 1)).unmapped
            if let named {
                own = InternetAddress(named, port: own.port)
                if named.isV4 != peer.ip.isV4 { peer = InternetAddress(named, port: peer.port) }
            }
            return Array(writing: max(ProxyHeader.maximumV1Length, ProxyHeader.maximumWrittenLength)) { memory in
                version == .v1
                    ? ProxyHeader.writeV1(client: own, destination: peer, into: &memory)
                    : ProxyHeader.writeV2(client: own, destination: peer, into: &memory)
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
    /// What another connection can tell.
    var doubt: Doubt?
    var greeter = Greeter()
    /// Nil where nobody was asked about.
    var recipient: Recipient?

    static let headerFromThere = Finding(
        .wrongProtocol,
        "In place of a greeting came a PROXY header: a proxy or load balancer on the way sends it to the wrong side.",
        isFree: true)

    /// Nobody but Postfix is understood to say so.
    static func headerMissing(_ detail: String, wasSent: Bool) -> Finding {
        var finding = Finding(wasSent ? .headerLost : .headerRequired, detail)
        finding.greeter.server = .postfix
        return finding
    }

    init(_ verdict: Verdict, _ detail: String, goodbye: String? = nil, isFree: Bool = false, doubt: Doubt? = nil) {
        self.isFree = isFree
        self.doubt = doubt
        self.verdict = verdict
        self.detail = detail
        self.goodbye = goodbye
    }
}

/// Who greets, as far as it says so.
struct Greeter: Sendable, Equatable {
    var server: MailServer?
    /// Of SMTP alone: what it calls itself, in lower case.
    var name: String?

    /// - Parameter line: of its greeting.
    mutating func read(_ line: ServerLine) {
        server = server ?? MailServer(greeting: line.text)
        name = name ?? SMTPReply(line.text)?.greetedName
    }
}
