package import TailwartWire

/// How packets to a peer travel at the moment.
package enum TailnetPath: Sendable, Hashable, CustomStringConvertible {
    /// Straight to this address over UDP.
    case direct(InternetAddress)
    /// Over another node of the tailnet, as tailscaled writes it.
    case peerRelay(String)
    /// Over a shared relay, by the code of its region: slow, and a fallback.
    case derp(String)
    /// Nothing was sent for about two minutes, so nothing is known: peers are set up when they are used.
    case idle

    package enum Kind: String, Sendable {
        case direct
        case peerRelay = "peer_relay"
        case derp
        case idle
    }

    package var kind: Kind {
        switch self {
        case .direct: .direct
        case .peerRelay: .peerRelay
        case .derp: .derp
        case .idle: .idle
        }
    }

    package var description: String {
        switch self {
        case .direct(let address): "direct to \(address)"
        case .peerRelay(let relay): "over the peer relay \(relay)"
        case .derp(let region): "over DERP \(region)"
        case .idle: "idle"
        }
    }
}
