import TailwartCore
import TailwartWire

extension ValueType<ProxyProtocolOut> {
    /// The header that an upstream or a route wants.
    static var proxyProtocol: ValueType {
        ValueType<ProxyProtocolOut.Version>.word(or: "{version: v2, tlvs: […]}")
            .map { ProxyProtocolOut($0) }
            .orMapping(
                .mapping("'proxy_protocol'") { reader in
                    let version = reader.value("version", ValueType<ProxyProtocolOut.Version>.word()) ?? .v2
                    let tlvs =
                        reader.value("tlvs", .list(of: ValueType<TLVName>.word(), "a list such as [authority, alpn]"))
                        ?? []
                    if version != .v2, let place = reader.keyPlace(of: "tlvs") {
                        let fix = "write version: v2, or leave 'tlvs' out"
                        reader.problems.error("only version v2 of the PROXY header can carry 'tlvs'; \(fix)", at: place)
                        return ProxyProtocolOut(version)
                    }
                    return ProxyProtocolOut(version, tlvs: tlvs.reduce(into: []) { $0.insert($1.option) })
                })
    }
}

/// The names of ``ProxyProtocolOut/TLVs`` in the file, in the order in which they are written.
enum TLVName: String, CaseIterable {
    case authority
    case alpn
    case uniqueID = "unique_id"
    case crc32c

    var option: ProxyProtocolOut.TLVs {
        switch self {
        case .authority: .authority
        case .alpn: .alpn
        case .uniqueID: .uniqueID
        case .crc32c: .crc32c
        }
    }
}

extension ValueType<UpstreamConfiguration.Via> {
    static var via: ValueType {
        .scalar("direct, tailscale or {socks5: 127.0.0.1:1055}") { text throws(Complaint) in
            switch text {
            case "direct": return .direct
            case "tailscale": return .tailscale
            case "socks5": throw Complaint("name the proxy: {socks5: 127.0.0.1:1055}")
            default: throw Complaint()
            }
        }
        .orMapping(
            .mapping("'via'") { reader in
                reader.required("socks5", .internetAddress, example: "socks5: 127.0.0.1:1055").map { .socks5($0) }
            })
    }
}

extension ValueType<HealthConfiguration?> {
    static var health: ValueType {
        .scalar("off, or a mapping such as {interval: 30s}") { text throws(Complaint) in
            guard text == "off" else { throw Complaint() }
            return nil
        }
        .orMapping(
            .mapping("'health'") { reader in
                let interval = reader.value("interval", .duration(Allowed.healthInterval))
                let timeout = reader.value("timeout", .duration(Allowed.healthTimeout))
                let rise = reader.value("rise", .integer(Allowed.healthCount))
                let fall = reader.value("fall", .integer(Allowed.healthCount))
                let close = reader.value("close_if_unhealthy", .boolean)
                return HealthConfiguration(
                    interval: interval ?? Defaults.healthInterval, timeout: timeout ?? Defaults.healthTimeout,
                    rise: rise ?? Defaults.healthRise, fall: fall ?? Defaults.healthFall,
                    closeIfUnhealthy: close ?? false)
            })
    }
}

extension ValueType<EndpointConfiguration> {
    /// An endpoint as text, or with its share.
    static var weightedEndpoint: ValueType {
        endpoint.orMapping(
            .mapping("an endpoint") { reader in
                let endpoint = reader.required("address", .endpoint, example: "address: mail.example.net")
                let weight = reader.value("weight", .integer(Allowed.weight)) ?? Defaults.weight
                let isBackup = reader.value("backup", .boolean) ?? false
                guard var endpoint else { return nil }
                endpoint.weight = weight
                endpoint.isBackup = isBackup
                return endpoint
            })
    }
}
