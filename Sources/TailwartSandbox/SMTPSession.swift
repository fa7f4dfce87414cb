import NIOCore
import TailwartWire

/// The receiving side of SMTP (RFC 5321), enough for every sender, with no opinion about who may send what to whom.
struct SMTPSession: LineSession {
    /// RFC 5321 section 4.5.3.1 asks for 512 bytes of a command and 1000 of a text line; real mail breaks the second, so there is room.
    static let lineLimit = 64 * 1024
    /// Bytes of a message. Without a limit one sender could fill the memory.
    static let maximumMessageSize = 10 << 20
    /// RFC 5321 section 4.5.3.1.8 asks for at least 100.
    static let maximumRecipients = 100

    let visit: SandboxVisit
    var isProtected: Bool
    var envelope = SMTPEnvelope()
    var dialogue = Dialogue.commands
    /// The message that is arriving.
    private var text = SMTPText(limit: maximumMessageSize)

    enum Dialogue {
        case commands
        case text
        case login(SMTPLogin)
    }

    init(_ visit: SandboxVisit) {
        self.visit = visit
        self.isProtected = visit.service.isImplicitTLS
    }

    var expectsCommand: Bool { if case .text = dialogue { false } else { true } }

    func begin() -> Reply { Reply("220 \(sandboxHost) \(visit.greeting)") }

    mutating func receive(_ line: LineReader.Line) -> Reply {
        switch dialogue {
        case .commands: return command(line)
        case .text: return textLine(line)
        case .login(let login): return receive(line, for: login)
        }
    }

    private mutating func command(_ line: LineReader.Line) -> Reply {
        let bytes: ByteBuffer
        switch line {
        case .text(let text): bytes = text
        case .tooLong: return Reply("500 5.5.6 the line is too long")
        case .bareLineFeed: return Reply("500 5.5.2 a line ends with CR LF, not with LF alone: openssl s_client -crlf")
        }
        let text = String(buffer: bytes)
        let words = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        let argument = words.count > 1 ? String(words[1]) : ""
        switch words.first.map({ $0.uppercased() }) ?? "" {
        case "EHLO": return hello(argument, extended: true)
        case "HELO": return hello(argument, extended: false)
        case "MAIL": return mail(argument)
        case "RCPT": return recipient(argument)
        case "DATA": return data(argument)
        case "RSET":
            envelope.reset()
            return Reply("250 2.0.0 forgotten")
        case "NOOP": return Reply("250 2.0.0 nothing done")
        case "VRFY": return Reply("252 2.5.0 send it and see")
        case "STARTTLS": return startTLS(argument)
        case "AUTH": return authenticate(argument)
        case "QUIT": return Reply("221 2.0.0 \(sandboxHost) closes", next: .close)
        default: return Reply("500 5.5.1 unknown command")
        }
    }

    private mutating func hello(_ name: String, extended: Bool) -> Reply {
        let name = String(SMTPEnvelope.plain(name).prefix(255))
        guard !name.isEmpty else { return Reply("501 5.5.4 say your name: EHLO host.example.net") }
        envelope.reset()
        envelope.hello = name
        envelope.isExtended = extended
        // Some clients do not show the first greeting.
        let greeting = "\(sandboxHost) greets \(name): you come from \(visit.client.ip)"
        guard extended else { return Reply("250 \(greeting)") }
        var lines = [greeting, "SIZE \(Self.maximumMessageSize)", "PIPELINING", "8BITMIME"]
        if !isProtected { lines.append("STARTTLS") }
        if offersLogin { lines.append("AUTH PLAIN LOGIN") }
        lines.append("ENHANCEDSTATUSCODES")
        var reply = Reply()
        for line in lines.dropLast() { reply.write(line: "250-\(line)") }
        reply.write(line: "250 \(lines[lines.count - 1])")
        return reply
    }

    private mutating func startTLS(_ argument: String) -> Reply {
        guard argument.isEmpty else { return Reply("501 5.5.4 STARTTLS takes no argument") }
        guard !isProtected else { return Reply("503 5.5.1 TLS is already on") }
        // RFC 3207 section 4.2: nothing learned before TLS holds afterwards.
        envelope = SMTPEnvelope()
        isProtected = true
        return Reply("220 2.0.0 begin TLS", next: .startTLS)
    }

    private mutating func data(_ argument: String) -> Reply {
        guard argument.isEmpty else { return Reply("501 5.5.4 DATA takes no argument") }
        guard !envelope.recipients.isEmpty else { return Reply("503 5.5.1 MAIL and RCPT come first") }
        dialogue = .text
        return Reply("354 send the message, end with a line of one dot")
    }

    private mutating func textLine(_ line: LineReader.Line) -> Reply {
        guard text.append(line) else { return Reply() }
        defer {
            dialogue = .commands
            text = SMTPText(limit: Self.maximumMessageSize)
            envelope.reset()
        }
        if let problem = text.problem { return Reply(problem) }
        let now = UTCTime.now()
        var message = ByteBuffer(string: envelope.received(for: visit, isProtected: isProtected, at: now))
        message.writeImmutableBuffer(text.bytes)
        let uid = visit.store.store(message, arrival: now)
        visit.report(
            .stored(
                sender: envelope.sender ?? "", recipients: envelope.recipients.count, bytes: message.readableBytes,
                client: visit.client))
        return Reply("250 2.0.0 stored as message \(uid)")
    }
}

extension SMTPSession {
    mutating func mail(_ argument: String) -> Reply {
        guard envelope.hello != nil else { return Reply("503 5.5.1 EHLO comes first") }
        guard envelope.sender == nil else { return Reply("503 5.5.1 one sender at a time; RSET forgets it") }
        guard let (path, parameters) = SMTPEnvelope.path(argument, after: "FROM:") else {
            return Reply("501 5.1.7 MAIL FROM:<address> is wanted")
        }
        for parameter in parameters where parameter.uppercased().hasPrefix("SIZE=") {
            // RFC 1870 section 6: refused before it is sent.
            guard let size = Int(parameter.dropFirst(5)), size >= 0 else { return Reply("501 5.5.4 SIZE is a number") }
            guard size <= Self.maximumMessageSize else { return Reply(SMTPText.tooBig) }
        }
        envelope.sender = path
        return Reply("250 2.1.0 sender taken")
    }

    mutating func recipient(_ argument: String) -> Reply {
        guard envelope.sender != nil else { return Reply("503 5.5.1 MAIL comes first") }
        guard let (path, _) = SMTPEnvelope.path(argument, after: "TO:"), !path.isEmpty else {
            return Reply("501 5.1.3 RCPT TO:<address> is wanted")
        }
        guard envelope.recipients.count < Self.maximumRecipients else { return Reply("452 4.5.3 too many recipients") }
        envelope.recipients.append(path)
        return Reply("250 2.1.5 recipient taken")
    }
}
