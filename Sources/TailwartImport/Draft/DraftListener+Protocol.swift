import TailwartCore

extension DraftListener {
    /// One listener for each protocol that the ports are known for, since ours has one protocol.
    var dividedByProtocol: [DraftListener] {
        var groups: [(proto: ListenerProtocol?, binds: [DraftBind])] = []
        for bind in binds {
            let proto = bind.wellKnownProtocol
            if let index = groups.firstIndex(where: { $0.proto == proto }) {
                groups[index].binds.append(bind)
            } else {
                groups.append((proto, [bind]))
            }
        }
        guard groups.count > 1 else { return [self] }
        return groups.enumerated().map { number, group in
            var listener = self
            listener.binds = group.binds
            listener.name = name.map { "\($0)-\(group.proto?.rawValue ?? "other")" } ?? group.proto?.rawValue
            // Once is enough.
            if number > 0 { listener.notes = [] }
            return listener
        }
    }

    /// What is spoken: known from the port, else from the ports that are dialled, else TLS if a name is asked for.
    var proto: ListenerProtocol {
        if let known = binds.lazy.compactMap(\.wellKnownProtocol).first { return known }
        let dialled = routes.flatMap { route -> [ListenerProtocol?] in
            guard case .dial(let dial) = route.target else { return [] }
            return dial.upstream.endpoints.map { endpoint in
                endpoint.port.flatMap { UInt16($0) }.flatMap { ListenerProtocol(wellKnownPort: $0) }
            }
        }
        let common = Set(dialled).count == 1 ? dialled.first.flatMap(\.self) : nil
        if routes.contains(where: \.match.needsHello) {
            return common.flatMap { $0.firstSpeaker == .client ? $0 : nil } ?? .https
        }
        return common ?? .tcp
    }
}

extension DraftBind {
    var wellKnownProtocol: ListenerProtocol? { UInt16(port).flatMap { ListenerProtocol(wellKnownPort: $0) } }
}

extension ListenerProtocol {
    /// Mail has silences that no proxy may cut: RFC 2177 section 3 (IDLE for 29 minutes), RFC 5321 section 4.5.3.2.6 (10
    /// minutes after the final dot).
    var isMail: Bool { self != .https && self != .tcp }
}
