import TailwartWire

/// What tailscaled says of itself: `BackendState` of its status.
package enum BackendState: Sendable, Hashable {
    /// Just started.
    case noState
    /// Logged out, or its key has expired.
    case needsLogin
    /// An administrator of the tailnet has to approve this host.
    case needsMachineAuth
    /// Switched off by `tailscale down`.
    case stopped
    case starting
    case running
    /// Another user of the system uses it.
    case inUseOtherUser
    /// What tailscaled may say one day; printable, cut.
    case unknown(String)

    package init(_ text: String) {
        switch text {
        case "NoState": self = .noState
        case "NeedsLogin": self = .needsLogin
        case "NeedsMachineAuth": self = .needsMachineAuth
        case "Stopped": self = .stopped
        case "Starting": self = .starting
        case "Running": self = .running
        case "InUseOtherUser": self = .inUseOtherUser
        default: self = .unknown(text.printable(atMost: 40))
        }
    }

    /// As tailscaled writes it.
    package var name: String {
        switch self {
        case .noState: "NoState"
        case .needsLogin: "NeedsLogin"
        case .needsMachineAuth: "NeedsMachineAuth"
        case .stopped: "Stopped"
        case .starting: "Starting"
        case .running: "Running"
        case .inUseOtherUser: "InUseOtherUser"
        case .unknown(let text): text
        }
    }

    /// What it means, as the end of a sentence that begins with "tailscaled".
    package var meaning: String {
        switch self {
        case .noState, .starting: "is starting"
        case .needsLogin: "is not logged in, or its key has expired"
        case .needsMachineAuth: "waits for this host to be approved"
        case .stopped: "is switched off"
        case .running: "is running"
        case .inUseOtherUser: "is in use by another user of this host"
        case .unknown(let text): "is in the state \"\(text)\", which this version does not know"
        }
    }

    /// What to do; nil where waiting or nothing is right.
    package var fix: String? {
        switch self {
        case .noState, .starting, .running: nil
        case .needsLogin: "log in: sudo tailscale up (in a container: give it a new TS_AUTHKEY)"
        case .needsMachineAuth: "approve this host in the tailnet's list of machines"
        case .stopped: "switch it on: sudo tailscale up"
        case .inUseOtherUser: "log that user out: sudo tailscale logout"
        case .unknown: "look at: tailscale status"
        }
    }
}
