/// What a disco ping came to: tailscaled asks the peer's tailscaled, no access rule is in the way, and the path is worked out anew.
package struct TailnetPing: Sendable, Equatable {
    package var latency: Duration
    package var path: TailnetPath

    package init(latency: Duration, path: TailnetPath) {
        self.latency = latency
        self.path = path
    }
}
