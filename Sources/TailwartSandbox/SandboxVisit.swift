import TailwartWire

/// What a service knows about the connection that it serves.
struct SandboxVisit: Sendable {
    let service: SandboxService
    /// From the PROXY header; for a LOCAL one the connection's own address.
    let client: InternetAddress
    let store: MessageStore
    let report: @Sendable (SandboxEvent) -> Void
}

extension SandboxVisit {
    /// Follows the protocol's own greeting words.
    var greeting: String { "Tailwart sandbox: you come from \(client.ip)" }
}

/// The name by which the sandbox introduces itself; example.org is reserved for such use (RFC 2606 section 3).
let sandboxHost = "sandbox.example.org"
