import NIOCore
import TailwartCore
import TailwartSandbox
import TailwartWire

/// One side of SMTP, IMAP, POP3 or ManageSieve, without I/O: enough to be greeted, protected and left, and to take mail.
struct FakeStalwartSession: LineSession {
    static let lineLimit = 64 << 10

    private enum Language {
        case smtp
        case imap
        case pop3
        case sieve
    }

    let temper: Temper
    private let core: FakeStalwartCore
    private let language: Language
    private let client: InternetAddress
    private let isUnavailable: Bool
    private let isDatabaseAway: Bool
    private let recipients: [String]?
    private let unknownRecipientDelay: TimeAmount
    private var sender = ""
    private var offersStartTLS: Bool
    private var hasSaidHello = false
    private var isReadingMessage = false

    /// Nil for `https` and `tcp`.
    init?(_ proto: ListenerProtocol, _ core: FakeStalwartCore, _ client: InternetAddress) {
        switch proto {
        case .smtp, .submission, .submissions: language = .smtp
        case .imap, .imaps: language = .imap
        case .pop3, .pop3s: language = .pop3
        case .sieve: language = .sieve
        case .https, .tcp: return nil
        }
        let settings = core.settings
        var temper = Temper()
        temper.greetingDelay = TimeAmount(settings.greetingDelay)
        temper.greetsAfterHandshake = proto.firstSpeaker == .client
        // As Stalwart's parser does.
        temper.takesBareLineFeeds = true
        self.temper = temper
        self.core = core
        self.client = client
        isUnavailable = settings.mode == .unavailable
        isDatabaseAway = settings.isDatabaseAway
        recipients = settings.recipients
        unknownRecipientDelay = TimeAmount(settings.unknownRecipientDelay)
        offersStartTLS = settings.offersStartTLS && proto.firstSpeaker == .server
    }

    func handshaken() { core.count { $0.handshakes += 1 } }

    func begin() -> Reply {
        if language == .smtp, core.isThrottled(client.ip) { return Reply(next: .close) }
        core.greeted(client)
        return greeting
    }

    /// Names the client that the header has told of.
    private var greeting: Reply {
        let service = "at your service, \(client.ip)"
        switch language {
        case .smtp:
            return isUnavailable
                ? Reply("421 4.3.0 \(FakeStalwart.hostName) is shutting down", next: .close)
                : Reply("220 \(FakeStalwart.hostName) Stalwart ESMTP \(service)")
        case .imap:
            return isUnavailable
                ? Reply("* BYE [UNAVAILABLE] shutting down", next: .close)
                : Reply("* OK [CAPABILITY \(imapCapabilities)] Stalwart IMAP4rev2 \(service)")
        case .pop3:
            return isUnavailable
                ? Reply("-ERR [SYS/TEMP] shutting down", next: .close) : Reply("+OK Stalwart POP3 \(service)")
        case .sieve:
            return isUnavailable
                ? Reply("BYE (TRYLATER) \"shutting down\"", next: .close)
                : capabilities("Stalwart ManageSieve \(service)")
        }
    }

    mutating func receive(_ line: LineReader.Line) -> Reply {
        guard case .text(let bytes) = line else { return Reply(next: .close) }
        let line = String(buffer: bytes)
        return switch language {
        case .smtp: smtp(line)
        case .imap: imap(line)
        case .pop3: pop3(line)
        case .sieve: sieve(line)
        }
    }

    private mutating func smtp(_ line: String) -> Reply {
        if isReadingMessage { return message(line) }
        let verb = line.split(separator: " ").first?.uppercased() ?? ""
        if !hasSaidHello, ["MAIL", "RCPT", "DATA"].contains(verb) {
            return Reply("503 5.5.1 Polite people say EHLO first.")
        }
        switch verb {
        case "EHLO", "LHLO":
            // Names and address literals have a dot.
            guard line.contains(".") else { return Reply("550 5.5.0 Invalid EHLO domain.") }
            hasSaidHello = true
            return offersStartTLS
                ? Reply("250-\(FakeStalwart.hostName) you had me at EHLO", "250-STARTTLS", "250 SIZE 104857600")
                : Reply("250-\(FakeStalwart.hostName) you had me at EHLO", "250 SIZE 104857600")
        case "HELO":
            hasSaidHello = true
            return Reply("250 2.0.0 OK")
        case "RCPT" where isDatabaseAway: return Reply("451 4.4.3 Unable to verify address at this time.")
        case "RCPT" where recipients.map { $0.allSatisfy { !line.contains("<\($0)>") } } ?? false:
            core.count { $0.unknownRecipients += 1 }
            var reply = Reply("550 5.1.2 Mailbox does not exist.")
            reply.delay = unknownRecipientDelay
            return reply
        case "RCPT" where core.isOverRate(from: sender, to: line):
            return Reply("452 4.4.5 Rate limit exceeded, try again later.")
        case "MAIL":
            sender = line
            return Reply("250 2.0.0 OK")
        case "RCPT", "RSET", "NOOP": return Reply("250 2.0.0 OK")
        case "STARTTLS" where offersStartTLS: return startTLS("220 2.0.0 Ready to start TLS.")
        case "DATA":
            isReadingMessage = true
            return Reply("354 Start mail input; end with <CRLF>.<CRLF>")
        case "QUIT": return goodbye(Reply("221 2.0.0 Bye.", next: .close))
        default: return invalid("500 5.5.1 Invalid command.")
        }
    }

    private mutating func message(_ line: String) -> Reply {
        guard line == "." else { return Reply() }
        isReadingMessage = false
        core.count { $0.messages += 1 }
        return Reply("250 2.0.0 Message queued.")
    }

    private var imapCapabilities: String {
        "IMAP4rev2 IMAP4rev1 ID\(offersStartTLS ? " STARTTLS LOGINDISABLED" : "")"
    }

    private mutating func imap(_ line: String) -> Reply {
        let words = line.split(separator: " ")
        guard let tag = words.first, tag.allSatisfy({ $0.isLetter || $0.isNumber }) else {
            return invalid("* BAD Expected a tag.")
        }
        switch words.dropFirst().first?.uppercased() {
        case "CAPABILITY":
            return Reply("* CAPABILITY \(imapCapabilities)", "\(tag) OK CAPABILITY completed.")
        case "NOOP": return Reply("\(tag) OK NOOP completed.")
        case "STARTTLS" where offersStartTLS: return startTLS("\(tag) OK Begin TLS negotiation now.")
        case "LOGOUT": return goodbye(Reply("* BYE Logging out.", "\(tag) OK LOGOUT completed.", next: .close))
        default: return invalid("\(tag) BAD Invalid command.")
        }
    }

    private mutating func pop3(_ line: String) -> Reply {
        switch line.uppercased() {
        case "CAPA":
            return offersStartTLS
                ? Reply("+OK Capability list follows", "UIDL", "STLS", ".") : Reply("+OK", "UIDL", ".")
        case "STLS" where offersStartTLS: return startTLS("+OK Begin TLS negotiation now")
        case "QUIT": return goodbye(Reply("+OK Bye", next: .close))
        default: return invalid("-ERR Invalid command")
        }
    }

    private mutating func sieve(_ line: String) -> Reply {
        switch line.uppercased() {
        case "CAPABILITY": return capabilities("Capabilities")
        case "NOOP": return Reply("OK \"Done\"")
        case "STARTTLS" where offersStartTLS: return startTLS("OK \"Begin TLS negotiation now\"")
        case "LOGOUT": return goodbye(Reply("OK \"Bye\"", next: .close))
        default: return invalid("NO \"Expected a command\"")
        }
    }

    private func capabilities(_ text: String) -> Reply {
        offersStartTLS
            ? Reply("\"IMPLEMENTATION\" \"Stalwart\"", "\"SIEVE\" \"fileinto\"", "\"STARTTLS\"", "OK \"\(text)\"")
            : Reply("\"IMPLEMENTATION\" \"Stalwart\"", "\"SIEVE\" \"fileinto\"", "OK \"\(text)\"")
    }

    private mutating func startTLS(_ line: String) -> Reply {
        offersStartTLS = false
        return Reply(line, next: .startTLS)
    }

    private func invalid(_ line: String) -> Reply {
        core.countInvalid(from: client.ip) ? Reply(next: .close) : Reply(line)
    }

    private func goodbye(_ reply: Reply) -> Reply {
        core.count { $0.goodbyes += 1 }
        return reply
    }
}
