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
                        _ = listener.settleRoutes(findings)
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
        var owners: [DraftBind: DraftListener] = [:]
        listeners = listeners.filter { listener in
            for bind in listener.binds {
                guard let owner = owners[bind] else {
                    owners[bind] = listener
                    continue
                }
                findings.refuse(
                    "\(bind.text.quoted) is listened on in \(owner.place.inWords(of: listener.place.file)) too, so each connection goes to one of the "
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
        let ports = Set(binds.map(\.port))
        for port in ports where !port.isEmpty {
            let same = binds.filter { $0.port == port && !$0.isUnix }
            let isAll = same.contains { $0.host.isEmpty } || Set(same.filter(\.isAnyOfFamily).map(\.host)).count == 2
            guard isAll, let index = binds.firstIndex(where: { $0.port == port && !$0.isUnix }) else { continue }
            binds[index] = DraftBind(host: "", port: port)
            let kept = binds[index]
            binds.removeAll { $0.port == port && !$0.isUnix && $0 != kept }
        }
        binds = binds.withoutRepeats
        guard binds.count > Allowed.bindAddresses.upperBound else { return }
        findings.refuse(
            "\(binds.count) addresses to listen on, more than \(Allowed.bindAddresses.upperBound); leave some out",
            at: place)
    }

    fileprivate mutating func settleTimeouts(_ findings: Findings) {
        let needsHello = routes.contains(where: \.match.needsHello)
        if let value = hello {
            let place = helloPlace ?? place
            if needsHello {
                hello = value.within(
                    Allowed.hello, "the wait for a hello", at: place, findings, text: \.configurationText)
                if hello == Timeouts.defaultHello { hello = nil }
            } else {
                let reason =
                    proto.firstSpeaker == .server
                    ? "the server speaks first here, and waiting for the client would hang it"
                    : "no route asks for a name"
                findings.note("a timeout for the client's hello is not needed: \(reason); left out", at: place)
                hello = nil
            }
        }
        guard let value = idle else { return }
        let usual = proto.defaultIdle
        if proto.isMail, value < usual {
            findings.note(
                "a silence of \(value.configurationText) ends connections here, and mail has longer ones (IMAP IDLE 29 minutes, "
                    + "SMTP 10); imported as meant: the defaults of the protocols, which are longer",
                at: idlePlace ?? place)
            idle = nil
        } else {
            idle = value.within(Allowed.idle, "a silence", at: idlePlace ?? place, findings, text: \.configurationText)
            if idle == usual { idle = nil }
        }
    }
}
