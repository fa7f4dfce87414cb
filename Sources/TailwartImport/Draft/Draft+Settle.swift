import TailwartConfig
import TailwartCore
import TailwartWire

extension Draft {
    /// Makes listeners that ours can have of those that others have. One of which anything is refused is left out.
    mutating func settle(_ findings: Findings) {
        listeners = listeners.flatMap { listener -> [DraftListener] in
            let (divided, notes, isRefused) = findings.during { () -> [DraftListener] in
                var listener = listener
                listener.mergeBinds(findings)
                return (listener.dividedByLocalAddress(findings) ?? [])
                    .flatMap(\.dividedByProtocol)
                    .map { listener in
                        var listener = listener
                        listener.settleRoutes(findings)
                        listener.settleTimeouts(findings)
                        return listener
                    }
            }
            guard !isRefused, !divided.isEmpty else { return [] }
            var result = divided
            result[0].notes += notes
            return result
        }
        refuseSharedAddresses(findings)
        // What is said of many listeners is said at the first of them.
        var said: Set<String> = []
        for index in listeners.indices {
            listeners[index].notes.removeAll { !said.insert($0.message).inserted }
            listeners[index].notes.sort { ($0.place.line, $0.place.column) < ($1.place.line, $1.place.column) }
        }
    }

    /// The same address in two listeners: the kernel would divide connections between them, or refuse.
    private mutating func refuseSharedAddresses(_ findings: Findings) {
        var owners: [BindAddress: DraftListener] = [:]
        listeners = listeners.filter { listener in
            for bind in listener.binds {
                guard let owner = owners[bind] else {
                    owners[bind] = listener
                    continue
                }
                findings.refuse(
                    "\(findings.variables.references.written(bind).quoted) is listened on in \(owner.place.inWords(of: listener.place.file)) too, so each connection goes to one of the "
                        + "two by chance; join them, or remove one", at: listener.place)
                return false
            }
            return true
        }
    }
}

extension DraftListener {
    /// `0.0.0.0` beside `::` is all addresses; an address beside all of them says nothing more.
    fileprivate mutating func mergeBinds(_ findings: Findings) {
        for port in Set(binds.compactMap(\.port)) {
            let same = binds.filter { $0.port == port }
            let isAll = same.contains { $0.ip == nil } || Set(same.filter(\.isOfAll)).count == 2
            guard isAll, let index = binds.firstIndex(where: { $0.port == port }) else { continue }
            binds[index] = .any(port: port)
            binds.removeAll { $0.port == port && $0 != .any(port: port) }
        }
        binds = binds.withoutRepeats
        guard binds.count > Allowed.bindAddresses.upperBound else { return }
        findings.refuse(
            "\(binds.count) addresses to listen on, more than \(Allowed.bindAddresses.upperBound); leave some out",
            at: place)
    }

    fileprivate mutating func settleTimeouts(_ findings: Findings) {
        let needsHello = routes.contains(where: \.match.needsHello)
        if let (value, place) = hello {
            if needsHello {
                hello?.time = value.within(Allowed.hello, "the wait for a hello", at: place, findings)
            } else {
                let reason =
                    proto.firstSpeaker == .server
                    ? "the server speaks first here, and waiting for the client would hang it"
                    : "no route asks for a name"
                findings.note("a timeout for the client's hello is not needed: \(reason); left out", at: place)
                hello = nil
            }
        }
        guard let (value, place) = idle else { return }
        if proto.isMail, value < proto.defaultIdle {
            findings.note(
                "a silence of \(value.configurationText) ends connections here, and mail has longer ones (IMAP IDLE 29 minutes, "
                    + "SMTP 10); imported as meant: the defaults of the protocols, which are longer", at: place)
            idle = nil
        } else {
            idle?.time = value.within(Allowed.idle, "a silence", at: place, findings)
        }
    }
}

extension DraftListener {
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
