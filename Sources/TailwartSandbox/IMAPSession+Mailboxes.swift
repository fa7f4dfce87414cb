/// Commands about mailboxes, of which there is one.
extension IMAPSession {
    func list(_ line: IMAPLine) -> Reply {
        guard line.arguments.count == 2 else { return Reply("\(line.tag) BAD \(line.command) reference pattern") }
        var reply = Reply()
        let pattern = line.arguments[1].uppercased()
        if pattern.isEmpty {
            // RFC 3501 section 6.3.8: a question for the separator.
            reply.write(line: "* \(line.command) (\\Noselect) \"/\" \"\"")
        } else if ["*", "%", "INBOX"].contains(pattern) {
            reply.write(line: "* \(line.command) (\\HasNoChildren) \"/\" INBOX")
        }
        reply.write(line: "\(line.tag) OK that is all")
        return reply
    }

    func status(_ line: IMAPLine) -> Reply {
        guard line.arguments.count == 2 else { return Reply("\(line.tag) BAD STATUS mailbox (items)") }
        guard isInbox(line.arguments[0]) else { return Reply("\(line.tag) NO there is INBOX only") }
        let messages = visit.store.messages
        var answers: [String] = []
        for item in line.arguments[1].uppercased().split(whereSeparator: { " ()".contains($0) }) {
            switch item {
            case "MESSAGES", "UNSEEN": answers.append("\(item) \(messages.count)")
            case "RECENT": answers.append("RECENT 0")
            case "UIDNEXT": answers.append("UIDNEXT \(visit.store.nextUID)")
            case "UIDVALIDITY": answers.append("UIDVALIDITY \(visit.store.uidValidity)")
            default: return Reply("\(line.tag) BAD an item is unknown")
            }
        }
        return Reply("* STATUS INBOX (\(answers.joined(separator: " ")))", "\(line.tag) OK done")
    }

    mutating func select(_ line: IMAPLine) -> Reply {
        selection = nil
        guard line.arguments.count == 1 else { return Reply("\(line.tag) BAD \(line.command) mailbox") }
        guard isInbox(line.arguments[0]) else { return Reply("\(line.tag) NO [NONEXISTENT] there is INBOX only") }
        let opened = IMAPSelection(visit.store)
        selection = opened
        var reply = Reply("* FLAGS ()")
        reply.write(line: "* \(opened.messages.count) EXISTS")
        reply.write(line: "* 0 RECENT")
        reply.write(line: "* OK [PERMANENTFLAGS ()] nothing can be marked")
        reply.write(line: "* OK [UIDVALIDITY \(visit.store.uidValidity)] this run of the sandbox")
        reply.write(line: "* OK [UIDNEXT \((opened.messages.last?.uid ?? visit.store.nextUID &- 1) &+ 1)] comes next")
        // Some clients refuse a mailbox that SELECT opens read-only; PERMANENTFLAGS has said what cannot be done.
        reply.write(line: "\(line.tag) OK [\(line.command == "SELECT" ? "READ-WRITE" : "READ-ONLY")] INBOX is open")
        return reply
    }

    private func isInbox(_ name: String) -> Bool { name.uppercased() == "INBOX" }
}
