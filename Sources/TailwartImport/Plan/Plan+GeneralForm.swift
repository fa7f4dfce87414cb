import TailwartCore
import TailwartWire

extension Plan {
    /// `upstreams` and `listeners`, with what was taken from where.
    func writeGeneralForm(to yaml: inout YAMLLines) {
        writeMaxConnections(to: &yaml)
        if !upstreams.isEmpty {
            yaml.add("upstreams:")
            for upstream in upstreams {
                yaml.comment(from: upstream.places, indent: 2)
                yaml.add("\(upstream.name):", indent: 2, from: upstream.places.first)
                yaml.add(
                    "endpoints", list: upstream.upstream.endpoints.map(\.yaml), indent: 4, from: upstream.places.first)
                if upstream.header != .none { yaml.add(upstream.header, indent: 4, from: upstream.places.first) }
                yaml.add(upstream.upstream, indent: 4, from: upstream.places.first)
            }
            yaml.blank()
        }
        yaml.add("listeners:")
        for (number, listener) in listeners.enumerated() {
            if number > 0 { yaml.blank() }
            write(listener, to: &yaml)
        }
    }

    func writeMaxConnections(to yaml: inout YAMLLines) {
        guard let maxConnections else { return }
        yaml.add("max_connections: \(maxConnections)")
        yaml.blank()
    }

    private func write(_ listener: PlannedListener, to yaml: inout YAMLLines) {
        let draft = listener.draft
        yaml.comment(from: [draft.place], indent: 2)
        for note in draft.notes { yaml.comment(note, indent: 2) }
        yaml.add("- name: \(YAMLLines.quoted(listener.name))", indent: 2, from: draft.place)
        yaml.add("bind", list: draft.binds.map { YAMLLines.quoted($0.text) }, indent: 4, from: draft.place)
        if listener.proto != draft.binds.lazy.compactMap(\.wellKnownProtocol).first ?? .tcp {
            yaml.add("protocol: \(listener.proto.rawValue)", indent: 4, from: draft.place)
        }
        if let only = listener.routes.first, listener.routes.count == 1, only.match.isAlways, only.header == nil {
            yaml.add("to: \(target(of: only))", indent: 4, from: only.place)
        } else {
            yaml.add("routes:", indent: 4, from: draft.place)
            for route in listener.routes { write(route, to: &yaml) }
        }
        yaml.addSettings(of: draft, indent: 4)
    }

    private func write(_ route: PlannedRoute, to yaml: inout YAMLLines) {
        let target = "to: \(target(of: route))"
        if route.match.isAlways {
            yaml.add("- \(target)", indent: 6, from: route.place)
        } else {
            yaml.addMatch(route.match, from: route.place)
            yaml.add(target, indent: 8, from: route.place)
        }
        if let header = route.header { yaml.add(header, indent: 8, from: route.place) }
    }

    private func target(of route: PlannedRoute) -> String {
        guard let index = route.upstream else { return "close" }
        return upstreams[index].name + (route.port.map { ":\($0)" } ?? "")
    }
}

extension YAMLLines {
    mutating func add(_ header: DraftHeader, indent: Int, from place: SourcePlace?) {
        guard !header.tlvs.isEmpty else {
            add("proxy_protocol: \(Self.quoted(header.version, inFlow: false))", indent: indent, from: place)
            return
        }
        let tlvs = header.tlvs.joined(separator: ", ")
        add("proxy_protocol: {version: \(Self.quoted(header.version)), tlvs: [\(tlvs)]}", indent: indent, from: place)
    }

    /// What an upstream takes besides its endpoints and its header.
    mutating func add(_ upstream: DraftUpstream, indent: Int, from place: SourcePlace?) {
        if let timeout = upstream.connectTimeout {
            add("connect_timeout: \(timeout.configurationText)", indent: indent, from: place)
        }
        if upstream.policy != .first { add("policy: \(upstream.policy.rawValue)", indent: indent, from: place) }
        if let hold = upstream.hold { add("hold: \(hold.configurationText)", indent: indent, from: place) }
        guard let health = upstream.health else { return }
        var entries: [String] = []
        if let interval = health.interval { entries.append("interval: \(interval.configurationText)") }
        if let timeout = health.timeout { entries.append("timeout: \(timeout.configurationText)") }
        if let rise = health.rise { entries.append("rise: \(rise)") }
        if let fall = health.fall { entries.append("fall: \(fall)") }
        if health.closeIfUnhealthy { entries.append("close_if_unhealthy: true") }
        if !entries.isEmpty {
            add("health: {\(entries.joined(separator: ", "))}", indent: indent, from: place)
        }
    }

    /// What `defaults` takes too: timeouts, the PROXY header in, a limit.
    mutating func addSettings(of draft: DraftListener, indent: Int) {
        let timeouts = [("hello", draft.hello), ("idle", draft.idle), ("half_closed", draft.halfClosed)]
            .compactMap { key, value in value.map { "\(key): \($0.configurationText)" } }
        if !timeouts.isEmpty {
            add("timeouts: {\(timeouts.joined(separator: ", "))}", indent: indent, from: draft.place)
        }
        if let header = draft.proxyProtocolIn {
            add("proxy_protocol_in:", indent: indent, from: draft.place)
            add("trusted", list: header.trusted.map { Self.quoted($0) }, indent: indent + 2, from: draft.place)
            if let timeout = header.timeout {
                add("timeout: \(timeout.configurationText)", indent: indent + 2, from: draft.place)
            }
        }
        if let limit = draft.maxConnections { add("max_connections: \(limit)", indent: indent, from: draft.place) }
    }

    /// The first line of a route.
    mutating func addMatch(_ match: DraftMatch, from place: SourcePlace) {
        let entries = match.yamlEntries
        let flow = "- match: {\(entries.map { "\($0.key): \($0.value)" }.joined(separator: ", "))}"
        if flow.count <= 94 {
            add(flow, indent: 6, from: place)
            return
        }
        add("- match:", indent: 6, from: place)
        for (key, list) in [("sni", match.serverNames), ("alpn", match.alpn), ("client", match.clients)]
        where !list.isEmpty {
            add(key, list: list.map { Self.quoted($0) }, indent: 12, from: place)
        }
        if let not = match.not.first { add("not: \(not.yaml)", indent: 12, from: place) }
    }
}

extension DraftMatch {
    fileprivate var yamlEntries: [(key: String, value: String)] {
        var entries: [(key: String, value: String)] = []
        for (key, list) in [("sni", serverNames), ("alpn", alpn), ("client", clients)] where !list.isEmpty {
            entries.append((key, "[\(list.map { YAMLLines.quoted($0) }.joined(separator: ", "))]"))
        }
        if let not = not.first { entries.append(("not", not.yaml)) }
        return entries
    }

    fileprivate var yaml: String { "{\(yamlEntries.map { "\($0.key): \($0.value)" }.joined(separator: ", "))}" }
}

extension DraftUpstream.Endpoint {
    /// As a member of a list.
    var yaml: String {
        guard weight != 1 || isBackup else { return YAMLLines.quoted(text) }
        let share = (weight == 1 ? "" : ", weight: \(weight)") + (isBackup ? ", backup: true" : "")
        return "{address: \(YAMLLines.quoted(text))\(share)}"
    }
}
