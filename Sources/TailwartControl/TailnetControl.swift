import TailwartCore
import TailwartTailnet
import TailwartWire

/// Decides what follows from one look at tailscaled after the other: addresses for the resolver, news for the operator. A value without
/// clock or I/O.
struct TailnetControl: Sendable {
    enum Effect: Sendable, Equatable {
        /// What tailscaled says of the upstreams' names; nil: nothing.
        case learn([String: [IPAddress]]?)
        case say(EdgeEvent)
        /// Ask how long the way there and back is, then say it with the rest.
        case sayAfterPing(TailnetNews, IPAddress)
    }

    /// What a configuration has to do with the tailnet.
    struct Wanted: Sendable, Equatable {
        /// Names of upstreams, resolved here or by tailscaled.
        var names: [String]
        /// Whether the edge cannot do without tailscaled: some upstream is dialled through it, or has a name that only tailnets have.
        var isNeeded: Bool
        /// Upstreams that are dialled directly; in userspace mode they cannot be.
        var direct: Set<String>
    }

    private var wanted: Wanted
    private var watch: TailnetWatch
    private var hasBeenSeen = false
    private var saidUserspace = false

    init(_ wanted: Wanted) {
        self.wanted = wanted
        watch = TailnetWatch(names: wanted.names)
    }

    /// Watches for another configuration from now on; what is known stays.
    mutating func follow(_ wanted: Wanted) {
        saidUserspace = saidUserspace && wanted.direct.isSubset(of: self.wanted.direct)
        self.wanted = wanted
        watch.follow(wanted.names)
    }

    /// Takes in one look.
    ///
    /// - Parameters:
    ///   - socket: of the socket that was asked.
    ///   - now: seconds since 1970.
    mutating func take(
        _ answer: Result<TailnetStatus, LocalAPIError>, socket: SocketIdentity?, at now: Int
    ) -> [Effect] {
        let status = try? answer.get()
        var effects = [Effect.learn(status?.addresses(for: wanted.names))]
        if let status {
            hasBeenSeen = true
            let unreachable = status.usesTUN || saidUserspace ? [] : unreachable(status)
            if !unreachable.isEmpty {
                saidUserspace = true
                effects.append(.say(.userspace(unreachable)))
            }
        }
        // A host without tailscaled is no fault where nothing needs it.
        guard hasBeenSeen || wanted.isNeeded else { return effects }
        return effects + watch.look(answer, socket: socket, at: now).map { Self.effect($0, status, now) }
    }

    /// Upstreams that only a network device would reach.
    private func unreachable(_ status: TailnetStatus) -> [String] {
        wanted.names.filter { name in
            guard wanted.direct.contains(name), case .peer = status.find(name) else { return false }
            return true
        }
    }

    private static func effect(_ change: TailnetChange, _ status: TailnetStatus?, _ now: Int) -> Effect {
        let level: EventLevel =
            switch change.level {
            case .info: .info
            case .warning: .warning
            case .error: .error
            }
        var news = TailnetNews(
            change: TailnetNews.Change(change), level: level, sentence: change.sentence, fix: change.fix)
        guard case .path(let name, _, _) = change, case .peer(let peer)? = status?.find(name) else {
            return .say(.tailnet(news))
        }
        news.lastHandshake = peer.lastHandshake
        news.handshakeAge = peer.lastHandshake.map { max(0, now - $0) }
        return peer.addresses.first.map { .sayAfterPing(news, $0) } ?? .say(.tailnet(news))
    }
}

extension TailnetNews.Change {
    init(_ change: TailnetChange) {
        self =
            switch change {
            case .gone: .gone
            case .back: .back
            case .restarted: .restarted
            case .state: .state
            case .ownAddresses: .ownAddresses
            case .keyExpires: .keyExpires
            case .keyExpired: .keyExpired
            case .keyRenewed: .keyRenewed
            case .peerMissing: .peerMissing
            case .peerRenamed: .peerRenamed
            case .peerOffline: .peerOffline
            case .peerBack: .peerBack
            case .peerAddresses: .peerAddresses
            case .path: .path
            }
    }
}

extension TailnetControl.Wanted {
    init(_ configuration: Configuration) {
        names = configuration.tailnetNames
        isNeeded =
            configuration.upstreams.contains { $0.via == .tailscale }
            || configuration.tailnetNames.contains { $0.lowercased().hasSuffix(".ts.net") }
        direct = Set(configuration.hostNames)
    }
}
