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
