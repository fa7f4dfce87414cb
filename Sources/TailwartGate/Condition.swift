/// One thing that must be so before the gate opens.
package enum Condition: Sendable, Hashable {
    /// This host's own tailscaled is connected and has an address.
    case tailscale
    /// A node of the tailnet, by its full name or the first label, is there and online.
    case peer(String)
    /// A TCP connection comes about.
    case tcp(HostAndPort)
    /// A PostgreSQL server takes connections.
    case postgres(HostAndPort)
    /// A web server answers with a status of success or a redirect.
    case http(WebURL)
    /// A mail server greets.
    case mail(MailURL)

    /// The option without its hyphens.
    package var kind: String {
        switch self {
        case .tailscale: "tailscale"
        case .peer: "peer"
        case .tcp: "tcp"
        case .postgres: "postgres"
        case .http: "http"
        case .mail: "mail"
        }
    }

    /// What the option was given; nil if it takes nothing.
    package var subject: String? {
        switch self {
        case .tailscale: nil
        case .peer(let name): name
        case .tcp(let endpoint), .postgres(let endpoint): "\(endpoint)"
        case .http(let url): "\(url)"
        case .mail(let url): "\(url)"
        }
    }

    /// Names the node of `--peer`.
    package static func peer(named name: String) throws(WrongUse) -> Condition {
        // One trailing dot is how DNS tools write a full name.
        let endpoint = try HostAndPort(name.hasSuffix(".") ? String(name.dropLast()) : name, defaultPort: 1, example: 1)
        guard endpoint.address == nil, !name.contains(":") else {
            throw WrongUse("write the node's name in the tailnet, such as mailbox, not an address or a port")
        }
        return .peer(endpoint.host)
    }
}

extension Condition: CustomStringConvertible {
    package var description: String { subject.map { "\(kind) \($0)" } ?? kind }
}

/// Why an argument cannot be meant: what is wrong with it, where, and what to write.
package struct WrongUse: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
