import TailwartWire

/// Programs that pass mail on too and whose files are not imported: what each is, and which page helps. Most have so little in them that
/// it is written faster than read.
enum ForeignTool: String, CaseIterable {
    case frp
    case rathole
    case sslh
    case socat
    case iptables
    case nftables
    case ingressNginx = "ingress-nginx"
    case traefikResources = "Traefik on Kubernetes"
    case gateway = "the Gateway API"

    /// What a text is; nil for anything else.
    init?(text: String) {
        let text = text.prefix(TextCursor.byteLimit)
        let lines = text.split(whereSeparator: \.isNewline).map { line in
            line.drop(while: \.isWhitespace).split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)[0]
        }
        let tool = Self.allCases.first { $0.isSeen(in: lines) }
        guard let tool else { return nil }
        self = tool
    }

    private func isSeen(in lines: [Substring]) -> Bool {
        func begins(_ words: String...) -> Bool { lines.contains { line in words.contains(where: line.hasPrefix) } }
        func has(_ text: String) -> Bool { lines.contains { $0.contains(text) } }
        return switch self {
        case .frp: begins("[[proxies]]", "serverAddr", "server_addr", "bindPort", "bind_port", "proxies:")
        case .rathole: begins("[server.services.", "[client.services.")
        case .sslh: begins("protocols:") && begins("listen:") || begins("sslh ") || has("/sslh ")
        case .socat: has("socat ") && (has("-LISTEN:") || has("-listen:"))
        case .iptables: has("-j DNAT") || begins("*nat")
        case .nftables: has(" dnat ") && (begins("table ") || begins("add rule ") || has("nft "))
        case .ingressNginx: begins("kind: ConfigMap") && has("tcp-services")
        case .traefikResources: begins("kind: IngressRouteTCP")
        case .gateway: begins("kind: TCPRoute", "kind: TLSRoute", "kind: Gateway")
        }
    }

    /// What it is called, and what to do.
    var advice: String {
        let (name, what, page): (String, String, String) =
            switch self {
            case .frp, .rathole:
                (
                    "a configuration of \(rawValue)",
                    "its tunnel is opened by the mailbox, and there is nothing to import",
                    "From frp or rathole"
                )
            case .sslh, .socat:
                (
                    "of \(rawValue)", "each of its ports is one line of ours", "From sslh or socat"
                )
            case .iptables, .nftables:
                (
                    "rules of \(rawValue)", "what they pass on with DNAT is a port each", "From WireGuard with DNAT"
                )
            case .ingressNginx:
                (
                    "the tcp-services of ingress-nginx", "each of its lines is a port and where it leads",
                    "From ingress-nginx"
                )
            case .traefikResources, .gateway:
                (
                    "resources of \(rawValue)", "they name services of the cluster", "From ingress-nginx"
                )
            }
        return "this is \(name): \(what). How to move is in docs/migrate.md, \(page.quoted)."
    }
}
