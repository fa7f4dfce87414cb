package import TailwartWire

/// Something about the tailnet that an operator should hear of, once, when it happens.
package enum TailnetChange: Sendable, Equatable {
    package enum Level: String, Sendable {
        case info
        case warning
        /// Mail cannot flow, or soon will not.
        case error
    }

    /// Whose key it is.
    package enum KeyOwner: Sendable, Equatable {
        case own
        case peer(String)
    }

    /// tailscaled gives no answer, or gives none for another reason than before.
    case gone(LocalAPIError)
    /// It answers again.
    case back
    /// Its socket is a new one: it was started again between two questions.
    case restarted
    /// `was` is nil at the first look.
    case state(BackendState, was: BackendState?)
    /// `was` is empty at the first look.
    case ownAddresses([IPAddress], was: [IPAddress], name: String)
    /// In so many days, rounded up: 1 is "within 24 hours".
    case keyExpires(KeyOwner, days: Int)
    case keyExpired(KeyOwner)
    case keyRenewed(KeyOwner)
    /// Nobody has the name of an upstream.
    case peerMissing(String)
    /// The name is gone or its node is dead, and this one looks like the same machine.
    case peerRenamed(String, to: String)
    case peerOffline(String)
    /// There and online again, after any of the above.
    case peerBack(String)
    case peerAddresses(String, [IPAddress], was: [IPAddress])
    /// `was` is nil if none was known before. Never `idle`.
    case path(String, TailnetPath, was: TailnetPath?)
}

extension TailnetChange {
    package var level: Level {
        switch self {
        case .back, .restarted, .keyRenewed, .peerBack, .peerAddresses, .state(.running, _): .info
        case .ownAddresses(_, let was, _): was.isEmpty ? .info : .error
        case .path(_, let path, _): path.kind == .direct ? .info : .warning
        // Usual while a host starts.
        case .gone, .state(.noState, _), .state(.starting, _), .state(.unknown, _), .keyExpires: .warning
        case .state, .keyExpired, .peerMissing, .peerRenamed, .peerOffline: .error
        }
    }

    /// What happened, without a full stop.
    package var sentence: String {
        switch self {
        case .gone(let error): error.sentence
        case .back: "tailscaled answers again"
        case .restarted: "tailscaled was restarted: its socket is a new one"
        case .state(let state, let was):
            "tailscaled \(state.meaning) (\(was.map { "\($0.name), now " } ?? "")\(state.name))"
        case .ownAddresses(let now, let was, let name):
            was.isEmpty
                ? "this host is \(name.isEmpty ? "in the tailnet" : name) at \(Self.list(now))"
                : "this host's address in the tailnet is now \(Self.list(now)), it was \(Self.list(was))"
        case .keyExpires(let owner, let days):
            "\(Self.key(owner)) expires within \(days == 1 ? "24 hours" : "\(days) days")"
        case .keyExpired(let owner): "\(Self.key(owner)) has expired"
        case .keyRenewed(let owner): "\(Self.key(owner)) was renewed"
        case .peerMissing(let name): "\(name) is not in the tailnet as this host sees it"
        case .peerRenamed(let name, let other):
            "\(name) is gone from the tailnet or offline, and \(other) looks like the same machine under a new name"
        case .peerOffline(let name): "\(name) is offline"
        case .peerBack(let name): "\(name) is in the tailnet and online again"
        case .peerAddresses(let name, let now, let was):
            "\(name) is now at \(Self.list(now)), it was at \(Self.list(was))"
        case .path(let name, let path, let was):
            "the path to \(name) is \(path)\(was.map { ", it was \($0)" } ?? "")"
        }
    }

    /// What to do; nil if nothing.
    package var fix: String? {
        switch self {
        case .back, .restarted, .keyRenewed, .peerBack, .peerAddresses: nil
        case .gone(let error): error.fix
        case .state(let state, _): state.fix
        case .ownAddresses(_, let was, _):
            was.isEmpty
                ? nil
                : "the mailbox trusts the old address only: put the new one into its trusted networks, tailwart trust prints them; "
                    + "keep tailscaled's state on disk and take a key that is not ephemeral, so that the address stays"
        case .keyExpires(.own, _), .keyExpired(.own):
            "log in anew: sudo tailscale up --force-reauth; a tagged host's key does not expire"
        case .keyExpires(.peer, _), .keyExpired(.peer):
            "log in anew there: tailscale up --force-reauth; a tagged host's key does not expire"
        case .peerMissing:
            "is the name right, and is there a grant from this host to it? Without any grant a host is not even seen; see: "
                + "tailscale status, tailwart acl"
        case .peerRenamed(let name, let other):
            "remove the old machine from the tailnet and give \(other) the name \(name); or write \(other) into the file if it "
                + "is the mailbox. Its tailscaled should keep its state on disk"
        case .peerOffline: "look at that host: is it on, and does its tailscaled run?"
        case .path(_, let path, _):
            path.kind == .direct
                ? nil
                : "slower than it could be: let UDP port 41641 through to this host or to the other, so that the path becomes "
                    + "direct"
        }
    }

    private static func list(_ addresses: [IPAddress]) -> String {
        addresses.isEmpty ? "no address" : addresses.map { "\($0)" }.joined(separator: ", ")
    }

    private static func key(_ owner: KeyOwner) -> String {
        switch owner {
        case .own: "this host's key for the tailnet"
        case .peer(let name): "the key of \(name) for the tailnet"
        }
    }
}
