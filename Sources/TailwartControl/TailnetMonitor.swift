import TailwartCore
import TailwartResolve
import TailwartSystem
import TailwartTailnet
import TailwartWire

/// Asks tailscaled now and then: hands the addresses of the upstreams' names to the resolver, and tells the operator what has changed.
struct TailnetMonitor: Sendable {
    /// Between two questions. MagicDNS answers live as long.
    private static let interval = Duration.seconds(5)
    private static let timeout = Duration.seconds(3)

    let localAPI: LocalAPI
    /// Names of upstreams, resolved here or by tailscaled.
    let names: [String]
    /// Whether the edge cannot do without tailscaled: some upstream is dialled through it, or has a name that only tailnets have.
    let isNeeded: Bool
    /// Upstreams that are dialled directly; in userspace mode they cannot be.
    let direct: Set<String>
    let resolver: Resolver?
    let log: Log

    /// Asks until the task is cancelled.
    func run() async {
        var watch = TailnetWatch(names: names)
        var hasBeenSeen = false
        var saidUserspace = false
        while !Task.isCancelled {
            let socket = localAPI.identity
            let answer: Result<TailnetStatus, LocalAPIError>
            do throws(LocalAPIError) {
                answer = .success(try await localAPI.status(timeout: Self.timeout))
            } catch {
                answer = .failure(error)
            }
            guard !Task.isCancelled else { return }
            let status = try? answer.get()
            resolver?.learn(from: status?.addresses(for: names))
            if let status {
                hasBeenSeen = true
                if !status.usesTUN, !saidUserspace { saidUserspace = sayUserspace(status) }
            }
            // A host without tailscaled is no fault where nothing needs it.
            if hasBeenSeen || isNeeded {
                for change in watch.look(answer, socket: socket, at: Int(Clock.wall() / 1_000_000)) {
                    await say(change, answer)
                }
            }
            try? await Task.sleep(for: Self.interval * Double.random(in: 0.9...1.1))
        }
    }

    private func say(_ change: TailnetChange, _ answer: Result<TailnetStatus, LocalAPIError>) async {
        var sentence = change.sentence
        var fields = [LogField("event", "tailnet"), LogField("change", change.name)]
        if case .path(let name, _, _) = change, case .peer(let peer)? = try? answer.get().find(name) {
            if let address = peer.addresses.first, let ping = try? await localAPI.ping(address, timeout: Self.timeout) {
                sentence += ", \(ping.latency.milliseconds) ms there and back"
                fields.append(LogField("round_trip_us", Int(clamping: ping.latency.microseconds)))
            }
            if let handshake = peer.lastHandshake {
                let ago = max(0, Int(Clock.wall() / 1_000_000) - handshake)
                sentence += ", last handshake \(ago) s ago"
                fields.append(LogField("last_handshake", handshake))
            }
        }
        if let fix = change.fix {
            sentence += "; \(fix)"
            fields.append(LogField("fix", fix))
        }
        let level: LogSettings.Level =
            switch change.level {
            case .info: .info
            case .warning: .warning
            case .error: .error
            }
        log.post(level, sentence, fields)
    }

    /// - Returns: whether there was something to say.
    private func sayUserspace(_ status: TailnetStatus) -> Bool {
        let unreachable = names.filter { name in
            guard direct.contains(name), case .peer = status.find(name) else { return false }
            return true
        }
        guard !unreachable.isEmpty else { return false }
        log.post(
            .error,
            "tailscaled runs in userspace mode, so \(unreachable.joined(separator: ", ")) cannot be dialled directly; "
                + "set via: tailscale for that upstream",
            [LogField("event", "tailnet"), LogField("change", "userspace"), LogField("names", unreachable)])
        return true
    }
}

extension Duration {
    fileprivate var milliseconds: Int { Int(self / .milliseconds(1)) }
    fileprivate var microseconds: UInt64 { UInt64(max(0, self / .microseconds(1))) }
}
