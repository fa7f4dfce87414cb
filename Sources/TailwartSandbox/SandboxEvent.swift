package import TailwartWire

/// What the mailbox learned, for a person to watch.
package enum SandboxEvent: Sendable, Equatable {
    /// A connection was greeted; the client is the one that the PROXY header names.
    case greeted(SandboxService, client: InternetAddress)
    /// A connection was closed because it did not begin with a PROXY header.
    case headerRefused(SandboxService, reason: String)
    case loggedIn(SandboxService, client: InternetAddress)
    case stored(sender: String, recipients: Int, bytes: Int, client: InternetAddress)
    case served(SandboxService, host: String, path: String)
    /// The other side of an echo said its end.
    case echoed(bytes: Int, client: InternetAddress)
}

extension SandboxEvent: CustomStringConvertible {
    package var description: String {
        switch self {
        case .greeted(let service, let client):
            "\(service.rawValue): greeted \(client)"
        case .headerRefused(let service, let reason):
            "\(service.rawValue): closed, \(reason)"
        case .loggedIn(let service, let client):
            "\(service.rawValue): login from \(client)"
        case .stored(let sender, let recipients, let bytes, let client):
            "message stored: <\(sender)> to \(recipients) recipient\(recipients == 1 ? "" : "s"), \(bytes) bytes, from \(client)"
        case .served(let service, let host, let path):
            "\(service.rawValue): served \(path) of \(host)"
        case .echoed(let bytes, let client):
            "echo: \(bytes) bytes from \(client)"
        }
    }
}
