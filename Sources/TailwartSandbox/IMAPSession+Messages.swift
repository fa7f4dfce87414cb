/// Commands about the messages of the open mailbox.
extension IMAPSession {
    mutating func selected(_ line: IMAPLine) -> Reply {
        switch line.command {
        case "FETCH", "SEARCH", "UID", "CLOSE", "UNSELECT", "STORE", "COPY", "MOVE", "EXPUNGE": break
        case "APPEND", "CREATE", "DELETE", "RENAME", "SUBSCRIBE", "UNSUBSCRIBE":
            return Reply("\(line.tag) NO the sandbox is not for keeping things")
        default: return Reply("\(line.tag) BAD unknown command")
        }
        guard let selection else { return Reply("\(line.tag) BAD SELECT a mailbox first") }
        switch line.command {
        case "FETCH": return fetch(line.arguments, tag: line.tag, byUID: false, in: selection)
        case "SEARCH": return search(line.arguments, tag: line.tag, byUID: false, in: selection)
        case "UID":
            let arguments = Array(line.arguments.dropFirst())
            switch line.arguments.first?.uppercased() {
            case "FETCH": return fetch(arguments, tag: line.tag, byUID: true, in: selection)
            case "SEARCH": return search(arguments, tag: line.tag, byUID: true, in: selection)
            default: return Reply("\(line.tag) BAD UID FETCH and UID SEARCH are known")
            }
        case "CLOSE", "UNSELECT":
            self.selection = nil
            return Reply("\(line.tag) OK closed")
        default:
            return Reply("\(line.tag) NO nothing in INBOX can be changed")
        }
    }

    private func fetch(_ arguments: [String], tag: String, byUID: Bool, in selection: IMAPSelection) -> Reply {
        guard let set = arguments.first.flatMap(IMAPSequenceSet.init) else {
            return Reply("\(tag) BAD FETCH wants numbers such as 1:* first")
        }
        guard var items = IMAPFetchItem.list(Array(arguments.dropFirst())) else {
            return Reply(
                "\(tag) BAD the sandbox knows FLAGS UID RFC822.SIZE INTERNALDATE RFC822 BODY[] BODY[HEADER] BODY[TEXT]")
        }
        // RFC 3501 section 6.4.8: always in an answer to UID FETCH.
        if byUID, !items.contains(.uid) { items.insert(.uid, at: 0) }
        var reply = Reply()
        for (number, message) in selection.messages(in: set, byUID: byUID) {
            reply.write("* \(number) FETCH (")
            for (index, item) in items.enumerated() {
                if index > 0 { reply.write(" ") }
                item.write(message, to: &reply)
            }
            reply.write(line: ")")
        }
        reply.write(line: "\(tag) OK done")
        return reply
    }

    private func search(_ arguments: [String], tag: String, byUID: Bool, in selection: IMAPSelection) -> Reply {
        // Nothing is ever seen or deleted here, so these mean the same.
        guard arguments.count == 1, ["ALL", "UNSEEN", "UNDELETED"].contains(arguments[0].uppercased()) else {
            return Reply("\(tag) BAD the sandbox knows SEARCH ALL")
        }
        let numbers = selection.messages.enumerated().map { byUID ? $1.uid : UInt32($0 + 1) }
        var reply = Reply((["* SEARCH"] + numbers.map(String.init)).joined(separator: " "))
        reply.write(line: "\(tag) OK done")
        return reply
    }
}
