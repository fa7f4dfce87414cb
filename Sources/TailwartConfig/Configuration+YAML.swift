import TailwartCore

extension Configuration {
    /// The general form as the text of a file, in a stable order. Loading it gives an equal configuration.
    ///
    /// Timeouts are always printed, since their defaults depend on the protocol; other keys where they are not the default.
    package var yaml: String {
        var entries: [YAMLMember] = [YAMLMember("max_connections", .text("\(maxConnections)"))]
        if let workers { entries.append(YAMLMember("workers", .text("\(workers)"))) }
        entries.append(YAMLMember("drain", .duration(drain)))
        entries.append(YAMLMember("log", log.output))
        if let output = admin.output { entries.append(YAMLMember("admin", output)) }
        if tailscale != TailscaleSettings() {
            let socket = tailscale.map { YAMLOutput.mapping([YAMLMember("socket", .text($0.socket))]) }
            entries.append(YAMLMember("tailscale", socket ?? .text("off")))
        }
        if !upstreams.isEmpty {
            entries.append(YAMLMember("upstreams", .blockMapping(upstreams.map { YAMLMember($0.name, $0.output) })))
        }
        if !listeners.isEmpty { entries.append(YAMLMember("listeners", .blockList(listeners.map(\.output)))) }
        return YAMLWriter.write(.blockMapping(entries))
    }
}

extension LogSettings {
    fileprivate var output: YAMLOutput {
        let format = format.map { [YAMLMember("format", YAMLOutput.text($0.rawValue))] } ?? []
        return .mapping(format + [YAMLMember("level", .text(level.rawValue))])
    }
}

extension AdminSettings {
    fileprivate var output: YAMLOutput? {
        var entries: [YAMLMember] = []
        if let socket { entries.append(YAMLMember("socket", .text(socket))) }
        if let listen { entries.append(YAMLMember("listen", .text("\(listen)"))) }
        return entries.isEmpty ? nil : .mapping(entries)
    }
}

extension Upstream {
    fileprivate var output: YAMLOutput {
        var entries: [YAMLMember] = [
            YAMLMember("endpoints", .list(endpoints.map(\.output))),
            YAMLMember("proxy_protocol", proxyProtocol.output),
        ]
        if let connectTimeout { entries.append(YAMLMember("connect_timeout", .duration(connectTimeout))) }
        switch via {
        case .direct: break
        case .tailscale: entries.append(YAMLMember("via", .text("tailscale")))
        case .socks5(let proxy): entries.append(YAMLMember("via", .mapping([YAMLMember("socks5", .text("\(proxy)"))])))
        }
        if policy != Defaults.policy { entries.append(YAMLMember("policy", .text(policy.rawValue))) }
        if hold != Defaults.hold { entries.append(YAMLMember("hold", .duration(hold))) }
        if warm != Defaults.warm { entries.append(YAMLMember("warm", .text("\(warm)"))) }
        if health != HealthSettings() { entries.append(YAMLMember("health", health?.output ?? .text("off"))) }
        return .blockMapping(entries)
    }
}

extension HealthSettings {
    fileprivate var output: YAMLOutput {
        var entries: [YAMLMember] = []
        if interval != Defaults.healthInterval { entries.append(YAMLMember("interval", .duration(interval))) }
        if timeout != Defaults.healthTimeout { entries.append(YAMLMember("timeout", .duration(timeout))) }
        if rise != Defaults.healthRise { entries.append(YAMLMember("rise", .text("\(rise)"))) }
        if fall != Defaults.healthFall { entries.append(YAMLMember("fall", .text("\(fall)"))) }
        if closeIfUnhealthy { entries.append(YAMLMember("close_if_unhealthy", .flag(true))) }
        if !names.isEmpty { entries.append(YAMLMember("names", .texts(names))) }
        if let trustRoots { entries.append(YAMLMember("trust_roots", .text(trustRoots))) }
        return .mapping(entries)
    }
}

extension Endpoint {
    fileprivate var output: YAMLOutput {
        guard weight != Defaults.weight || isBackup else { return .text(text) }
        var entries: [YAMLMember] = [YAMLMember("address", .text(text))]
        if weight != Defaults.weight { entries.append(YAMLMember("weight", .text("\(weight)"))) }
        if isBackup { entries.append(YAMLMember("backup", .flag(true))) }
        return .mapping(entries)
    }
}

extension ProxyProtocolOut {
    fileprivate var output: YAMLOutput {
        guard !tlvs.isEmpty else { return .text(version.rawValue) }
        let names = TLVName.allCases.filter { tlvs.contains($0.option) }.map(\.rawValue)
        return .mapping([YAMLMember("version", .text(version.rawValue)), YAMLMember("tlvs", .texts(names))])
    }
}

extension Listener {
    fileprivate var output: YAMLOutput {
        var entries: [YAMLMember] = [
            YAMLMember("name", .text(name)), YAMLMember("bind", .texts(bind)),
            YAMLMember("protocol", .text(proto.rawValue)),
        ]
        if let only = routes.first, routes.count == 1, only.match == nil, only.proxyProtocol == nil {
            entries.append(YAMLMember("to", .text(only.target.text)))
        } else {
            entries.append(YAMLMember("routes", .blockList(routes.map(\.output))))
        }
        let deadlines: [YAMLMember] = [
            YAMLMember("connect", .duration(timeouts.connect)), YAMLMember("hello", .duration(timeouts.hello)),
            YAMLMember("idle", .duration(timeouts.idle)), YAMLMember("half_closed", .duration(timeouts.halfClosed)),
        ]
        entries.append(YAMLMember("timeouts", .mapping(deadlines)))
        if let proxyProtocolIn {
            let header: [YAMLMember] = [
                YAMLMember("trusted", .texts(proxyProtocolIn.trusted)),
                YAMLMember("timeout", .duration(proxyProtocolIn.timeout)),
            ]
            entries.append(YAMLMember("proxy_protocol_in", .mapping(header)))
        }
        if let maxConnections { entries.append(YAMLMember("max_connections", .text("\(maxConnections)"))) }
        if let output = refusal.output { entries.append(YAMLMember("refusal", output)) }
        return .blockMapping(entries)
    }
}

extension Refusal {
    fileprivate var output: YAMLOutput? {
        var entries: [YAMLMember] = []
        if let host { entries.append(YAMLMember("host", .text(host))) }
        if let text { entries.append(YAMLMember("text", .text(text))) }
        return entries.isEmpty ? nil : .mapping(entries)
    }
}

extension Route {
    fileprivate var output: YAMLOutput {
        var entries: [YAMLMember] = []
        if let match { entries.append(YAMLMember("match", match.output)) }
        entries.append(YAMLMember("to", .text(target.text)))
        if let proxyProtocol { entries.append(YAMLMember("proxy_protocol", proxyProtocol.output)) }
        return .blockMapping(entries)
    }
}

extension Route.Target {
    fileprivate var text: String {
        switch self {
        case .close: "close"
        case .upstream(let name, nil): name
        case .upstream(let name, let port?): "\(name):\(port)"
        }
    }
}

extension RouteMatch {
    fileprivate var output: YAMLOutput {
        var entries: [YAMLMember] = []
        if !serverNames.isEmpty { entries.append(YAMLMember("sni", .texts(serverNames))) }
        if !alpn.isEmpty { entries.append(YAMLMember("alpn", .texts(alpn))) }
        if !clients.isEmpty { entries.append(YAMLMember("client", .texts(clients))) }
        if let not = not.first { entries.append(YAMLMember("not", not.output)) }
        return .mapping(entries)
    }
}
