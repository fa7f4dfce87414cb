/// Where the node's own tailscaled is asked, for names, paths and `via: tailscale`.
package struct TailscaleConfiguration: Sendable, Equatable {
    /// The absolute path of tailscaled's LocalAPI socket. Only an upstream with `via: tailscale` needs it to be there.
    package var socket: String

    package init(socket: String = Defaults.tailscaleSocket) {
        self.socket = socket
    }
}
