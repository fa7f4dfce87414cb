import TailwartCore

extension Configuration {
    /// The general form as the text of a file, in a stable order. Loading it gives an equal configuration.
    ///
    /// Timeouts are always printed, since their defaults depend on the protocol; other keys where they are not the default.
    package var yaml: String {
        var entries: [(key: String, value: YAMLOutput)] = [("max_connections", .text("\(maxConnections)"))]
        if let workers { entries.append(("workers", .text("\(workers)"))) }
        entries.append(("drain", .duration(drain)))
        entries.append(("log", log.output))
        if let output = admin.output { entries.append(("admin", output)) }
        if tailscale != TailscaleConfiguration() {
            let socket = tailscale.map { YAMLOutput.mapping([("socket", .text($0.socket))]) }
            entries.append(("tailscale", socket ?? .text("off")))
        }
        if !upstreams.isEmpty {
            entries.append(("upstreams", .blockMapping(upstreams.map { ($0.name, $0.output) })))
        }
        if !listeners.isEmpty { entries.append(("listeners", .blockList(listeners.map(\.output)))) }
        return YAMLWriter.write(.blockMapping(entries))
    }
}

extension LogConfiguration {
    fileprivate var output: YAMLOutput {
        let format = format.map { [(key: "format", value: YAMLOutput.text($0.rawValue))] } ?? []
        return .mapping(format + [("level", .text(level.rawValue))])
    }
}

extension AdminConfiguration {
    fileprivate var output: YAMLOutput? {
        var entries: [(key: String, value: YAMLOutput)] = []
        if let socket { entries.append(("socket", .text(socket))) }
        if let listen { entries.append(("listen", .text("\(listen)"))) }
        return entries.isEmpty ? nil : .mapping(entries)
    }
}

extension UpstreamConfiguration {
    fileprivate var output: YAMLOutput {
        var entries: [(key: String, value: YAMLOutput)] = [
            ("endpoints", .list(endpoints.map(\.output))),
            ("proxy_protocol", proxyProtocol.output),
        ]
        if let connectTimeout { entries.append(("connect_timeout", .duration(connectTimeout))) }
        switch via {
        case .direct: break
        case .tailscale: entries.append(("via", .text("tailscale")))
        case .socks5(let proxy): entries.append(("via", .mapping([("socks5", .text("\(proxy)"))])))
        }
        if policy != Defaults.policy { entries.append(("policy", .text(policy.rawValue))) }
        if hold != Defaults.hold { entries.append(("hold", .duration(hold))) }
        if warm != Defaults.warm { entries.append(("warm", .text("\(warm)"))) }
        if health != HealthConfiguration() { entries.append(("health", health?.output ?? .text("off"))) }
        return .blockMapping(entries)
    }
}

extension HealthConfiguration {
    fileprivate var output: YAMLOutput {
        var entries: [(key: String, value: YAMLOutput)] = []
        if interval != Defaults.healthInterval { entries.append(("interval", .duration(interval))) }
        if timeout != Defaults.healthTimeout { entries.append(("timeout", .duration(timeout))) }
        if rise != Defaults.healthRise { entries.append(("rise", .text("\(rise)"))) }
        if fall != Defaults.healthFall { entries.append(("fall", .text("\(fall)"))) }
        if closeIfUnhealthy { entries.append(("close_if_unhealthy", .flag(true))) }
        if !names.isEmpty { entries.append(("names", .texts(names))) }
        if let trustRoots { entries.append(("trust_roots", .text(trustRoots))) }
        return .mapping(entries)
    }
}

extension EndpointConfiguration {
    fileprivate var output: YAMLOutput {
        guard weight != Defaults.weight || isBackup else { return .text(text) }
        var entries: [(key: String, value: YAMLOutput)] = [("address", .text(text))]
        if weight != Defaults.weight { entries.append(("weight", .text("\(weight)"))) }
        if isBackup { entries.append(("backup", .flag(true))) }
        return .mapping(entries)
    }
}

extension ProxyProtocolOut {
    fileprivate var output: YAMLOutput {
        guard !tlvs.isEmpty else { return .text(version.rawValue) }
        let names = TLVName.allCases.filter { tlvs.contains($0.option) }.map(\.rawValue)
        return .mapping([("version", .text(version.rawValue)), ("tlvs", .texts(names))])
    }
}

extension ListenerConfiguration {
    fileprivate var output: YAMLOutput {
        var entries: [(key: String, value: YAMLOutput)] = [
            ("name", .text(name)), ("bind", .texts(bind)), ("protocol", .text(proto.rawValue)),
        ]
        if let only = routes.first, routes.count == 1, only.match == nil, only.proxyProtocol == nil {
            entries.append(("to", .text(only.target.text)))
        } else {
            entries.append(("routes", .blockList(routes.map(\.output))))
        }
        let deadlines: [(key: String, value: YAMLOutput)] = [
            ("connect", .duration(timeouts.connect)), ("hello", .duration(timeouts.hello)),
            ("idle", .duration(timeouts.idle)), ("half_closed", .duration(timeouts.halfClosed)),
        ]
        entries.append(("timeouts", .mapping(deadlines)))
        if let proxyProtocolIn {
            let header: [(key: String, value: YAMLOutput)] = [
                ("trusted", .texts(proxyProtocolIn.trusted)), ("timeout", .duration(proxyProtocolIn.timeout)),
            ]
            entries.append(("proxy_protocol_in", .mapping(header)))
        }
        if let maxConnections { entries.append(("max_connections", .text("\(maxConnections)"))) }
        if let output = refusal.output { entries.append(("refusal", output)) }
        return .blockMapping(entries)
    }
}

extension RefusalConfiguration {
    fileprivate var output: YAMLOutput? {
        var entries: [(key: String, value: YAMLOutput)] = []
        if let host { entries.append(("host", .text(host))) }
        if let text { entries.append(("text", .text(text))) }
        return entries.isEmpty ? nil : .mapping(entries)
    }
}

extension RouteConfiguration {
    fileprivate var output: YAMLOutput {
        var entries: [(key: String, value: YAMLOutput)] = []
        if let match { entries.append(("match", match.output)) }
        entries.append(("to", .text(target.text)))
        if let proxyProtocol { entries.append(("proxy_protocol", proxyProtocol.output)) }
        return .blockMapping(entries)
    }
}

extension RouteConfiguration.Target {
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
        var entries: [(key: String, value: YAMLOutput)] = []
        if !serverNames.isEmpty { entries.append(("sni", .texts(serverNames))) }
        if !alpn.isEmpty { entries.append(("alpn", .texts(alpn))) }
        if !clients.isEmpty { entries.append(("client", .texts(clients))) }
        if let not = not.first { entries.append(("not", not.output)) }
        return .mapping(entries)
    }
}
