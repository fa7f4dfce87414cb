package import NIOCore
package import TailwartWire

/// tailscaled's own API on its unix socket: read-only questions, one connection each.
///
/// Its paths are "not promised stable, in practice kept", so only what is needed is read, and whatever is missing is done without.
package struct LocalAPI: Sendable {
    /// On Linux, also in the official container, where it is a link.
    package static let defaultSocket = "/var/run/tailscale/tailscaled.sock"
    /// Bytes of an answer, head and framing included. A peer is one to two KiB, so this is a tailnet of about ten thousand.
    package static let maximumAnswer = 16 << 20

    package let socket: String
    private let group: any EventLoopGroup

    /// - Parameter socket: the path of the unix socket; it need not be there yet.
    package init(socket: String = LocalAPI.defaultSocket, group: any EventLoopGroup) {
        self.socket = socket
        self.group = group
    }

    /// The socket that an option or a variable names; the usual one where it names none.
    package static func socket(named path: String?) -> String {
        path.flatMap { $0.isEmpty ? nil : $0 } ?? defaultSocket
    }

    /// Asks what tailscaled knows.
    ///
    /// - Parameter timeout: for all of it, from connecting to the last byte.
    package func status(timeout: Duration) async throws(LocalAPIError) -> TailnetStatus {
        let body = try await exchange("GET", "/localapi/v0/status", timeout: timeout, over: group)
        return try TailnetStatus(json: body)
    }

    /// Asks for the address of the control server that this host has joined, or would join: `ControlURL` of `prefs`.
    ///
    /// - Parameter timeout: for all of it.
    package func controlServer(timeout: Duration) async throws(LocalAPIError) -> String {
        let body = try await exchange("GET", "/localapi/v0/prefs", timeout: timeout, over: group)
        guard let url = try JSON(answer: body)["ControlURL"]?.text else { throw .notJSON("it has no ControlURL") }
        return url
    }

    /// Asks the peer's tailscaled with a disco packet, which passes every access rule and has the path worked out anew.
    ///
    /// - Parameter timeout: for all of it; a peer that is away does not answer at all.
    package func ping(_ ip: IPAddress, timeout: Duration) async throws(LocalAPIError) -> TailnetPing {
        let body = try await exchange("POST", "/localapi/v0/ping?ip=\(ip)&type=disco", timeout: timeout, over: group)
        return try TailnetPing(json: body)
    }
}

/// What a disco ping came to: tailscaled asks the peer's tailscaled, no access rule is in the way, and the path is worked out anew.
package struct TailnetPing: Sendable, Equatable {
    package var latency: Duration
    package var path: TailnetPath

    package init(latency: Duration, path: TailnetPath) {
        self.latency = latency
        self.path = path
    }
}
