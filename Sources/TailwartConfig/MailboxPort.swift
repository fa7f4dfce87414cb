import TailwartCore
import TailwartWire

/// A port that is listened on, and the port of the mailbox that is dialled for it.
struct MailboxPort {
    let listen: UInt16
    let dial: UInt16
    let position: TextPosition

    init(_ listen: UInt16, dial: UInt16? = nil, at position: TextPosition) {
        self.listen = listen
        self.dial = dial ?? listen
        self.position = position
    }
}

extension ListenerProtocol {
    /// That of a port of the mailbox: of the port that is listened on if that is well known, else of the one that is dialled.
    init(listen: UInt16, dial: UInt16) {
        self = Self(wellKnownPort: listen) ?? Self(wellKnownPort: dial) ?? .tcp
    }
}

extension ValueType<[MailboxPort]> {
    static var ports: ValueType {
        let port = ValueType<UInt16>.port
        let list = ValueType<[Located<UInt16>]>.list(
            of: .located(port.hinting(pairHint)), "a list of ports such as [25, 465], or a mapping such as {2525: 25}")
        let keys = TextShape(name: "port_key", pattern: Pattern.port)
        return list.hinting(pairHint).map { $0.map { MailboxPort($0.value, at: $0.position) } }.orMapping(
            ValueType(name: "a mapping", shape: .dictionary(keys: keys, values: port.shape, mayBeEmpty: false)) {
                node, label, problems in
                guard case .mapping(let entries) = node.content else { return nil }
                if entries.isEmpty {
                    problems.error("\(label) is empty; leave it out for \(Defaults.mailboxPorts)", at: node.position)
                }
                return entries.compactMap { entry in
                    let key = YAMLNode(.text(entry.key), at: entry.keyPosition)
                    if case .null = entry.value.content, pairHint(entry.key) != nil {
                        // The value is missing for want of a space.
                        _ = port.hinting(pairHint).read(key, "each key of \(label)", problems)
                        return nil
                    }
                    let listen = port.read(key, "each key of \(label)", problems)
                    let dial = port.read(entry.value, "each value of \(label)", problems)
                    guard let listen, let dial else { return nil }
                    return MailboxPort(listen, dial: dial, at: entry.keyPosition)
                }
            })
    }

    /// Of `25:10025`, as others write it, or as it becomes without a space.
    private static func pairHint(_ text: String) -> String? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let listen = ValueType<UInt16>.parsePort(parts[0]),
            let dial = ValueType<UInt16>.parsePort(parts[1])
        else { return nil }
        return "to dial another port write a mapping, with a space: {\(listen): \(dial)}"
    }
}
