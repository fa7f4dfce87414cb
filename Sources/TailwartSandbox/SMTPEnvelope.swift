import TailwartWire

/// What a client has said about itself and about the message to come.
struct SMTPEnvelope: Sendable {
    /// The name given with EHLO or HELO.
    var hello: String?
    /// EHLO, not HELO.
    var isExtended = false
    /// Empty for a bounce, nil before MAIL.
    var sender: String?
    var recipients: [String] = []

    /// Forgets the message, not the client.
    mutating func reset() {
        sender = nil
        recipients = []
    }

    /// The trace line of RFC 5321 section 4.4, with the word for the protocol from RFC 3848.
    func received(for visit: SandboxVisit, isProtected: Bool, at time: UTCTime) -> String {
        let word = isExtended ? (isProtected ? "ESMTPS" : "ESMTP") : "SMTP"
        return "Received: from \(hello ?? "unknown") (\(Self.literal(visit.client.ip)))\r\n"
            + "\tby \(sandboxHost) with \(word);\r\n\t\(time.messageDate)\r\n"
    }

    /// `[192.0.2.1]` or `[IPv6:2001:db8::1]` (RFC 5321 section 4.1.3).
    static func literal(_ address: IPAddress) -> String {
        address.isV4 ? "[\(address)]" : "[IPv6:\(address)]"
    }

    /// The address and the parameters of `FROM:<a@b> SIZE=1`; nil if it is not of this form.
    static func path(_ argument: String, after keyword: String) -> (address: String, parameters: [Substring])? {
        guard argument.prefix(keyword.count).uppercased() == keyword else { return nil }
        let rest = argument.dropFirst(keyword.count).drop { $0 == " " }
        guard rest.first == "<", let end = rest.firstIndex(of: ">") else { return nil }
        let address = plain(rest[rest.index(after: rest.startIndex)..<end])
        let parameters = rest[rest.index(after: end)...]
        guard parameters.isEmpty || parameters.first == " ", address.count <= 254 else { return nil }
        return (address, parameters.split(separator: " "))
    }

    /// Keeps what may stand in a header or a reply: printable ASCII without space and parentheses.
    static func plain(_ text: some StringProtocol) -> String {
        String(text.filter { $0.isASCII && $0 > " " && $0 < "\u{7f}" && $0 != "(" && $0 != ")" })
    }
}
