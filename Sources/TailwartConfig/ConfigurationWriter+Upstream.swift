import TailwartCore
import TailwartWire

extension ConfigurationWriter {
    func endpoints(of upstream: Upstream) -> YAMLMember {
        YAMLMember("endpoints", .list(upstream.endpoints.map(output)))
    }

    /// What an upstream takes besides its endpoints.
    ///
    /// - Parameters:
    ///   - usual: the header that it has where nothing is said.
    ///   - hold: how long it holds clients where nothing is said.
    func settings(
        of upstream: Upstream, usual: ProxyProtocolOut? = nil, hold: Duration = Defaults.hold
    ) -> [YAMLMember] {
        let isUsual = upstream.proxyProtocol == usual ?? (showsDefaults ? nil : Defaults.proxyProtocol)
        return (isUsual ? [] : [header(upstream.proxyProtocol)])
            + Upstream.settings.write(upstream, unlike: Upstream(name: "", endpoints: [], hold: hold))
    }

    func header(_ header: ProxyProtocolOut) -> YAMLMember {
        let key = "proxy_protocol"
        if let reference = references.written(header) { return YAMLMember(key, .reference(reference)) }
        let version = YAMLOutput.text(header.version.rawValue)
        guard !header.tlvs.isEmpty else { return YAMLMember(key, version) }
        let names = TLVName.allCases.filter { header.tlvs.contains($0.option) }.map(\.rawValue)
        return YAMLMember(key, .mapping([YAMLMember("version", version), YAMLMember("tlvs", .texts(names))]))
    }

    /// The address alone, or with its share and its header.
    private func output(_ endpoint: Endpoint) -> YAMLOutput {
        let address = address(of: endpoint)
        guard endpoint.weight != Defaults.weight || endpoint.isBackup || endpoint.proxyProtocol != nil else {
            return address
        }
        var members = [YAMLMember("address", address)]
        if endpoint.weight != Defaults.weight { members.append(YAMLMember("weight", .text("\(endpoint.weight)"))) }
        if endpoint.isBackup { members.append(YAMLMember("backup", .flag(true))) }
        if let header = endpoint.proxyProtocol { members.append(self.header(header)) }
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
