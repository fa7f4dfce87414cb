/// An open mailbox as one client knows it: its sequence numbers change only when the client is told (RFC 3501 section 7.4.1).
struct IMAPSelection: Sendable {
    private(set) var messages: [StoredMessage]

    init(_ store: MessageStore) {
        messages = store.messages
    }

    /// Takes over what has changed in the store, and says so.
    mutating func update(from store: MessageStore) -> Reply {
        let current = store.messages
        var reply = Reply()
        let oldest = current.first?.uid ?? .max
        // The store drops its oldest messages only, so all that went stood at the front.
        while let first = messages.first, first.uid < oldest {
            messages.removeFirst()
            reply.write(line: "* 1 EXPUNGE")
        }
        let newest = messages.last?.uid ?? 0
        let arrived = current.filter { $0.uid > newest }
        guard !arrived.isEmpty else { return reply }
        messages += arrived
        reply.write(line: "* \(messages.count) EXISTS")
        return reply
    }

    /// The messages meant, with their sequence numbers.
    func messages(in set: IMAPSequenceSet, byUID: Bool) -> [(number: UInt32, message: StoredMessage)] {
        let last = byUID ? messages.last?.uid ?? 0 : UInt32(messages.count)
        return messages.enumerated().compactMap { index, message in
            let number = UInt32(index + 1)
            return set.contains(byUID ? message.uid : number, last: last) ? (number, message) : nil
        }
    }
}
