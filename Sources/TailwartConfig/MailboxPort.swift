import TailwartCore
import TailwartWire

/// A port that is listened on, and the port of the mailbox that is dialled for it.
struct MailboxPort {
    let listen: UInt16
    let dial: UInt16
    let place: TextPlace

    init(_ listen: UInt16, dial: UInt16? = nil, at place: TextPlace) {
        self.listen = listen
        self.dial = dial ?? listen
        self.place = place
    }
}

extension ValueType<[MailboxPort]> {
    static var ports: ValueType {
        let port = ValueType<UInt16>.port
        let keys = TextShape(name: "port_key", pattern: Pattern.port)
        return ValueType<[Located<UInt16>]>.list(
            of: .located(port), "a list of ports such as [25, 465], or a mapping such as {2525: 25}"
        ).map { $0.map { MailboxPort($0.value, at: $0.place) } }.orMapping(
            ValueType(name: "a mapping", shape: .dictionary(keys: keys, values: port.shape, mayBeEmpty: false)) {
                node, label, problems in
                guard case .mapping(let entries) = node.content else { return nil }
                if entries.isEmpty {
                    problems.error("\(label) is empty; leave it out for \(Defaults.mailboxPorts)", at: node.place)
                }
                return entries.compactMap { entry in
                    let key = YAMLNode(.text(entry.key), at: entry.keyPlace)
                    let listen = port.read(key, "each key of \(label)", problems)
                    let dial = port.read(entry.value, "each value of \(label)", problems)
                    guard let listen, let dial else { return nil }
                    return MailboxPort(listen, dial: dial, at: entry.keyPlace)
                }
            })
    }
}
