/// Who is asked for the addresses of a name; the better one first.
package enum NameSource: Int, Sendable, Comparable, CaseIterable, CustomStringConvertible {
    /// What tailscaled says of its peers, over its own API: no DNS at all.
    case tailscale
    /// 100.100.100.100, the name server inside tailscaled. Answers for the tailnet even where the system was told not to ask it.
    case magicDNS
    /// The system's name servers and its hosts file.
    case system

    package static func < (first: NameSource, second: NameSource) -> Bool { first.rawValue < second.rawValue }

    /// For the log.
    package var description: String {
        switch self {
        case .tailscale: "tailscale"
        case .magicDNS: "MagicDNS"
        case .system: "DNS"
        }
    }
}
