import TailwartCore
import TailwartWire

extension ConfigurationWriter {
    /// What a listener takes besides its name.
    func members(of listener: Listener, _ number: Int) -> [YAMLMember] {
        var members = [YAMLMember("bind", .list(listener.bind.map { .reference(references.written($0)) }))]
        let usual = listener.bind.lazy.compactMap(\.wellKnownProtocol).first ?? .tcp
        if showsDefaults || listener.proto != usual {
            members.append(YAMLMember("protocol", .text(listener.proto.rawValue)))
        }
        if let only = listener.routes.first, listener.routes.count == 1, only.match == nil, only.proxyProtocol == nil {
            members.append(YAMLMember("to", target(only), of: .route(listener: number, 0)))
        } else {
            let routes = listener.routes.enumerated().map { output($1, of: .route(listener: number, $0)) }
            members.append(YAMLMember("routes", .blockList(routes)))
        }
        return members + self.members(of: ListenerSettings(listener, isWhole: showsDefaults))
    }

    /// What `defaults` takes too.
    func members(of settings: ListenerSettings) -> [YAMLMember] {
        ListenerSettings.settings(references, showsDefaults: showsDefaults).write(settings, unlike: ListenerSettings())
    }

    private func output(_ network: Network) -> YAMLOutput { .reference(references.written(network)) }

    private func output(_ route: Route, of part: FilePositions.Part) -> YAMLOutput {
        var members: [YAMLMember] = []
        if let match = route.match { members.append(YAMLMember("match", output(match), of: part)) }
        members.append(YAMLMember("to", target(route), of: part))
        if let header = route.proxyProtocol { members.append(self.header(header)) }
        return .blockMapping(members)
    }

    private func output(_ match: RouteMatch) -> YAMLOutput {
        var members: [YAMLMember] = []
        let lists = [("sni", match.serverNames.map { "\($0)" }), ("alpn", match.alpn)]
        for (key, list) in lists where !list.isEmpty {
            members.append(YAMLMember(key, .list(list.map { .reference(references.written($0)) })))
        }
        if !match.clients.isEmpty { members.append(YAMLMember("client", .list(match.clients.map(output)))) }
        if let not = match.not.first { members.append(YAMLMember("not", output(not))) }
        return .mapping(members)
    }

    private func target(_ route: Route) -> YAMLOutput {
        switch route.target {
        case .close: .text("close")
        case .upstream(let name, nil): .text(name)
        case .upstream(let name, let port?): .reference("\(name):\(references.written(port))")
        }
    }
}

extension ListenerSettings {
    /// Those of a listener that are not the defaults, or all.
    init(_ listener: Listener, isWhole: Bool = false) {
        let (timeouts, usual) = (listener.timeouts, Timeouts(for: listener.proto))
        func own(_ deadline: KeyPath<Timeouts, Duration>) -> Duration? {
            isWhole || timeouts[keyPath: deadline] != usual[keyPath: deadline] ? timeouts[keyPath: deadline] : nil
        }
        deadlines = Deadlines(
            connect: own(\.connect), hello: own(\.hello), idle: own(\.idle), halfClosed: own(\.halfClosed))
        proxyProtocolIn = listener.proxyProtocolIn.map { .required($0) } ?? .inherited
        maxConnections = listener.maxConnections
        limits = listener.limits.map { Limits($0) }
        refusal = listener.refusal
    }
}
