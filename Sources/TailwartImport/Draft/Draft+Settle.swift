import TailwartConfig
import TailwartCore
import TailwartWire

extension Draft {
    /// Makes listeners that ours can have of those that others have. One of which anything is refused is left out.
    mutating func settle(_ findings: Findings) {
        listeners = listeners.flatMap { listener in findings.listeners { listener.settled(findings) } }
        refuseSharedAddresses(findings)
        // What is said of many listeners is said at the first of them.
        var said: Set<String> = []
        for index in listeners.indices {
            listeners[index].notes.removeAll { !said.insert($0.message).inserted }
            listeners[index].notes.sort { $0.position.precedes($1.position) }
        }
    }

    /// The same address in two listeners: the kernel would divide connections between them, or refuse. And each is a socket.
    private mutating func refuseSharedAddresses(_ findings: Findings) {
        var owners: [BindAddress: DraftListener] = [:]
        listeners = listeners.filter { listener in
            for bind in listener.binds {
                if let owner = owners[bind] {
                    findings.refuse(
                        "\(findings.variables.references.written(bind).quoted) is listened on in "
                            + "\(owner.position.inWords(of: listener.position.file)) too, so each connection goes to one of the "
                            + "two by chance; join them, or remove one", at: listener.position)
                    return false
                }
                guard owners.count < Allowed.bindAddresses.upperBound else {
                    findings.refuse(
                        "more than \(Allowed.bindAddresses.upperBound) addresses to listen on with these; leave some out",
                        at: listener.position)
                    return false
                }
                owners[bind] = listener
            }
            return true
        }
    }
}

extension DraftListener {
    fileprivate func settled(_ findings: Findings) -> [DraftListener] {
        var whole = self
        if binds.isEmpty { findings.refuse("there is no address to listen on here; add one", at: position) }
        whole.mergeBinds()
        whole.settleHeader(findings)
        var divided = whole.dividedByProtocol
        for index in divided.indices {
            divided[index].settleRoutes(findings)
            divided[index].settleTimeouts(findings)
        }
        return divided
    }

    /// `0.0.0.0` beside `::` is all addresses; an address beside all of them says nothing more.
    fileprivate mutating func mergeBinds() {
        for port in Set(binds.compactMap(\.port)) {
            let same = binds.filter { $0.port == port }
            let isAll = same.contains { $0.ip == nil } || Set(same.filter(\.isOfAll)).count == 2
            guard isAll, let index = binds.firstIndex(where: { $0.port == port }) else { continue }
            binds[index] = .any(port: port)
            binds.removeAll { $0.port == port && $0 != .any(port: port) }
        }
        binds = binds.withoutRepeats
    }

    fileprivate mutating func settleTimeouts(_ findings: Findings) {
        let needsHello = routes.contains(where: \.match.needsHello)
        if let (value, position) = hello {
            if needsHello {
                hello?.time = findings.fit(value, in: Allowed.hello, "the wait for a hello", at: position)
            } else {
                let reason =
                    proto.firstSpeaker == .server
                    ? "the server speaks first here, and waiting for the client would hang it"
                    : "no route asks for a name"
                findings.note("a timeout for the client's hello is not needed: \(reason); left out", at: position)
                hello = nil
            }
        }
        guard let (value, position) = idle else { return }
        if proto.isMail, value < proto.defaultIdle {
            findings.note(
                "a silence of \(value.configurationText) ends connections here, and mail has longer ones (IMAP IDLE 29 minutes, "
                    + "SMTP 10); imported as meant: the defaults of the protocols, which are longer", at: position)
            idle = nil
        } else {
            idle?.time = findings.fit(value, in: Allowed.idle, "a silence", at: position)
        }
    }

    /// One listener for each protocol that the ports are known for, since ours has one protocol.
    fileprivate var dividedByProtocol: [DraftListener] {
        let protocols = binds.map(\.wellKnownProtocol).withoutRepeats
        guard protocols.count > 1 else { return [self] }
        return protocols.enumerated().map { number, proto in
            var listener = self
            listener.binds = binds.filter { $0.wellKnownProtocol == proto }
            listener.name = name.map { "\($0)-\(proto?.rawValue ?? "other")" } ?? proto?.rawValue
            // Once is enough.
            if number > 0 { listener.notes = [] }
            return listener
        }
    }
}
