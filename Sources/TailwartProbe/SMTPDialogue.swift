import TailwartCore

/// One line of an SMTP reply (RFC 5321 section 4.2).
struct SMTPReply: Sendable, Equatable {
    let code: Int
    let isLast: Bool
    let text: Substring

    init?(_ line: String) {
        let bytes = Array(line.utf8.prefix(4))
        guard bytes.count >= 3, (UInt8(ascii: "2")...UInt8(ascii: "5")).contains(bytes[0]),
            bytes.prefix(3).allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            bytes.count == 3 || bytes[3] == UInt8(ascii: " ") || bytes[3] == UInt8(ascii: "-")
        else { return nil }
        code = bytes.prefix(3).reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        isLast = bytes.count == 3 || bytes[3] == UInt8(ascii: " ")
        text = line.dropFirst(4)
    }

    /// What a server calls itself in its greeting (RFC 5321 section 4.3.1), in lower case; nil where that is no name. One label
    /// is a name only of Stalwart, which always begins with its own: others may have left theirs out, as in `220 ESMTP`.
    var greetedName: String? {
        guard code == 220, let word = text.split(separator: " ").first, let name = ServerNamePattern(word),
            !name.isWildcard, name.name.contains(".") || MailServer(greeting: "220 \(text)") == .stalwart
        else { return nil }
        return name.name
    }

    /// Syntax error, unknown command, bad sequence: what bytes that are no commands are answered with.
    var isMisunderstanding: Bool { [500, 502, 503].contains(code) }
}

struct SMTPDialogue: Dialogue {
    private enum Phase {
        case greeting
        case ehlo
        case startTLS
    }

    let goodbye = "QUIT"
    private let setting: DialogueSetting
    private var phase = Phase.greeting
    private var offers: [String] = []

    init(_ setting: DialogueSetting) { self.setting = setting }

    mutating func receive(_ line: ServerLine) -> Step {
        guard let reply = SMTPReply(line.text) else {
            return .stop(.wrongProtocol, "In place of an SMTP reply came \(line.quoted).")
        }
        switch phase {
        case .greeting: return greeting(reply, line)
        case .ehlo: return ehlo(reply, line)
        case .startTLS:
            guard reply.isLast else { return .readOn }
            // RFC 3207 section 4: 454 is temporary. Senders go on in plain text after any refusal.
            return reply.code == 220
                ? .startTLS : .stop(.startTLSRefused, "The server offers STARTTLS and answers it with \(line.quoted).")
        }
    }

    private mutating func greeting(_ reply: SMTPReply, _ line: ServerLine) -> Step {
        guard reply.code == 220 else {
            return .stop(.busy, "The server greets with \(line.quoted).")
        }
        guard reply.isLast else { return .readOn }
        guard !setting.isProtected else { return .done }
        phase = .ehlo
        return .say("EHLO \(setting.ehloName)")
    }

    private mutating func ehlo(_ reply: SMTPReply, _ line: ServerLine) -> Step {
        guard reply.code == 250 else {
            guard reply.isLast else { return .readOn }
            let detail = "The server answers 'EHLO \(setting.ehloName)' with \(line.quoted)."
            if reply.code == 421 { return .stop(.busy, detail) }
            guard reply.isMisunderstanding else { return .stop(.ehloRefused, detail) }
            // Without a header it is a server from before 1993, which knows HELO only.
            return setting.refused(setting.hasHeader ? .ehloRefused : .startTLSMissing, detail)
        }
        offers.append(reply.text.split(separator: " ").first?.uppercased() ?? "")
        guard reply.isLast else { return .readOn }
        guard offers.dropFirst().contains("STARTTLS") else {
            return .stop(.startTLSMissing, "EHLO is answered without STARTTLS.")
        }
        phase = .startTLS
        return .say("STARTTLS")
    }
}
