import TailwartCore
import TailwartWire

extension ValueType<ProxyProtocolOut> {
    /// The header that an upstream or a route wants.
    static var proxyProtocol: ValueType {
        ValueType<ProxyProtocolOut.Version>.word(or: "{version: v2, tlvs: […]}").map { ProxyProtocolOut($0) }.orMapping(
            .mapping("'proxy_protocol'") { reader in
                let version = reader.value(
                    "version", ValueType<ProxyProtocolOut.Version>.word(), or: .v2,
                    about: "v2 is binary and cheaper to read; v1 is for receivers that support nothing else.")
                let tlvs =
                    reader.value(
                        "tlvs", .list(of: ValueType<TLVName>.word(), "a list such as [authority, alpn]"),
                        about: "Optional fields of version v2.") ?? []
                if version != .v2, let position = reader.keyPosition(of: "tlvs") {
                    let fix = "write version: v2, or leave 'tlvs' out"
                    reader.problems.error("only version v2 of the PROXY header can carry 'tlvs'; \(fix)", at: position)
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

extension ValueType<Upstream.Via> {
    static var via: ValueType {
        .scalar("direct, tailscale or {socks5: 127.0.0.1:1055}", .words(["direct", "tailscale"])) {
            text throws(Complaint) in
            switch text {
            case "direct": return .direct
            case "tailscale": return .tailscale
            case "socks5": throw Complaint("name the proxy: {socks5: 127.0.0.1:1055}")
            default: throw Complaint()
            }
        }.orMapping(
            .mapping("'via'") { reader in
                reader.required(
                    "socks5", .internetAddress, example: "socks5: 127.0.0.1:1055",
                    about: "A SOCKS5 proxy, which resolves the host names of the endpoints itself."
                ).map { .socks5($0) }
            })
    }
}

extension Upstream.Via {
    var output: YAMLOutput {
        switch self {
        case .direct: .text("direct")
        case .tailscale: .text("tailscale")
        case .socks5(let proxy): .mapping([YAMLMember("socks5", .text("\(proxy)"))])
        }
    }
}
