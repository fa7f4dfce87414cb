import TailwartTailnet
import TailwartWire

/// What tailscaled says of this host and of others.
extension ConditionCheck {
    /// Connected, and with an address. Whether a route leads anywhere is for the other conditions to find out.
    func tailscale(within limit: Duration) async -> Finding {
        await asking(within: limit) { status in
            let addresses = status.ownAddresses.map(\.description).joined(separator: ", ")
            return addresses.isEmpty
                ? .waiting("no_address", "tailscaled has no address in the tailnet yet") : .ready("has \(addresses)")
        }
    }

    func peer(_ name: String, within limit: Duration) async -> Finding {
        await asking(within: limit) { status in
            switch status.find(name) {
            case .peer(let peer) where peer.isExpired:
                .waiting("key_expired", "its key has expired", fix: "log in on that node: sudo tailscale up")
            case .peer(let peer) where !peer.isOnline:
                .waiting("offline", "is offline", fix: "start that node, or its tailscaled")
            case .peer:
                .ready("is online")
            case .renamed(let peer):
                .waiting(
                    "renamed", "has been replaced by \(peer.name)",
                    fix: "delete the old machine in the tailnet's list and give the new one its name")
            case .unknown:
                .waiting(
                    "unknown", "no such node in the tailnet, or none that this host may see",
                    fix: "correct the name, or grant access to it: tailwart acl")
            }
        }
    }

    /// - Parameter judge: asked if tailscaled runs.
    private func asking(within limit: Duration, _ judge: (TailnetStatus) -> Finding) async -> Finding {
        do throws(LocalAPIError) {
            let status = try await localAPI.status(timeout: limit)
            guard status.backendState == .running else {
                return .waiting(
                    status.backendState.state, "tailscaled \(status.backendState.meaning)", fix: status.backendState.fix
                )
            }
            return judge(status)
        } catch {
            return Finding(error)
        }
    }
}

extension Finding {
    static let startTailscaled = "start tailscaled, or name its socket: --tailscale-socket PATH, or $TS_SOCKET"

    fileprivate init(_ error: LocalAPIError) {
        let fix: String? =
            switch error {
            case .socketMissing, .notUsable, .badAnswer, .tooLong, .notJSON:
                Self.startTailscaled
            default: error.fix
            }
        // Without the time, which is different each time.
        let text = if case .timedOut = error { "tailscaled did not answer in time" } else { error.sentence }
        self = .waiting("tailscaled_\(error.name)", text, fix: fix)
    }
}

extension BackendState {
    /// For scripts.
    fileprivate var state: String {
        switch self {
        case .noState, .starting, .running: "starting"
        case .needsLogin: "needs_login"
        case .needsMachineAuth: "needs_approval"
        case .stopped: "stopped"
        case .inUseOtherUser: "in_use"
        case .unknown: "unknown_state"
        }
    }
}
