import TailwartCore
import TailwartWire

extension ConfigurationWriter {
    func endpoints(of upstream: Upstream) -> YAMLMember {
        YAMLMember("endpoints", .list(upstream.endpoints.map(output)))
    }

    /// What an upstream takes besides its endpoints.
    ///
    /// - Parameter usual: the header that it has where nothing is said.
    func settings(of upstream: Upstream, usual: ProxyProtocolOut? = nil) -> [YAMLMember] {
        var members: [YAMLMember] = []
        if let hostname = upstream.hostname { members.append(YAMLMember("hostname", .text(hostname))) }
        if upstream.proxyProtocol != usual ?? (showsDefaults ? nil : Defaults.proxyProtocol) {
            members.append(header(upstream.proxyProtocol))
        }
        if let timeout = upstream.connectTimeout { members.append(YAMLMember("connect_timeout", .duration(timeout))) }
        switch upstream.via {
        case .direct: break
        case .tailscale: members.append(YAMLMember("via", .text("tailscale")))
        case .socks5(let proxy): members.append(YAMLMember("via", .mapping([YAMLMember("socks5", .text("\(proxy)"))])))
        }
        if upstream.policy != Defaults.policy { members.append(YAMLMember("policy", .text(upstream.policy.rawValue))) }
        if upstream.hold != Defaults.hold { members.append(YAMLMember("hold", .duration(upstream.hold))) }
        if upstream.warm != Defaults.warm { members.append(YAMLMember("warm", .text("\(upstream.warm)"))) }
        if upstream.health != HealthSettings() {
            members.append(YAMLMember("health", upstream.health?.output ?? .text("off")))
        }
        return members
    }

    func header(_ header: ProxyProtocolOut) -> YAMLMember {
        let key = "proxy_protocol"
        if let reference = references.written(header) { return YAMLMember(key, .reference(reference)) }
        let version = YAMLOutput.text(header.version.rawValue)
        guard !header.tlvs.isEmpty else { return YAMLMember(key, version) }
        let names = TLVName.allCases.filter { header.tlvs.contains($0.option) }.map(\.rawValue)
        return YAMLMember(key, .mapping([YAMLMember("version", version), YAMLMember("tlvs", .texts(names))]))
    }

    /// The address alone, or with its share.
    private func output(_ endpoint: Endpoint) -> YAMLOutput {
        let address = address(of: endpoint)
        guard endpoint.weight != Defaults.weight || endpoint.isBackup else { return address }
        var members = [YAMLMember("address", address)]
        if endpoint.weight != Defaults.weight { members.append(YAMLMember("weight", .text("\(endpoint.weight)"))) }
        if endpoint.isBackup { members.append(YAMLMember("backup", .flag(true))) }
        return .mapping(members)
    }

    func address(of endpoint: Endpoint) -> YAMLOutput {
        switch (endpoint.host, endpoint.port) {
        case (.address(let address), let port?): .reference(references.written(InternetAddress(address, port: port)))
        case (let host, let port?): .reference("\(references.written(host.text)):\(references.written(port))")
        case (_, nil): .reference(references.written(endpoint.text))
        }
    }
}

extension HealthSettings {
    fileprivate var output: YAMLOutput {
        var entries: [YAMLMember] = []
        if interval != Defaults.healthInterval { entries.append(YAMLMember("interval", .duration(interval))) }
        if timeout != Defaults.healthTimeout { entries.append(YAMLMember("timeout", .duration(timeout))) }
        if affects != Defaults.healthAffects { entries.append(YAMLMember("affects", .text(affects.rawValue))) }
        if rise != Defaults.healthRise { entries.append(YAMLMember("rise", .text("\(rise)"))) }
        if fall != Defaults.healthFall { entries.append(YAMLMember("fall", .text("\(fall)"))) }
        if closeIfUnhealthy { entries.append(YAMLMember("close_if_unhealthy", .flag(true))) }
        if !names.isEmpty { entries.append(YAMLMember("names", .texts(names))) }
        if let trustRoots { entries.append(YAMLMember("trust_roots", .text(trustRoots))) }
        return .mapping(entries)
    }
}
