import Synchronization
import TailwartResolve
import TailwartSystem
import TailwartTailnet
import TailwartWire

/// Addresses of upstreams' names, found as the running edge finds them: tailscaled's word, MagicDNS, then the system's name servers.
struct NameLookup: Sendable {
    let names: [String]
    let servers: NameServers

    /// For the second family of a name.
    private static let familyDelay = Duration.milliseconds(250)

    private final class Answers: Sendable {
        private static let pause = Duration.milliseconds(10)

        let entries = Mutex<[String: Resolver.Entry]>([:])

        func wait(until deadline: ContinuousClock.Instant, for isEnough: ([String: Resolver.Entry]) -> Bool) async {
            while !entries.withLock({ isEnough($0) }), ContinuousClock.now < deadline {
                try? await Task.sleep(for: Self.pause)
            }
        }
    }

    /// - Parameters:
    ///   - status: what tailscaled says; it has a deadline of its own, and name servers are asked meanwhile.
    ///   - limit: for the name servers.
    /// - Returns: what is known by then; a name without an answer is missing.
    func entries(
        learning status: @Sendable () async -> TailnetStatus?, within limit: Duration
    ) async -> [String: Resolver.Entry] {
        guard !names.isEmpty else { return [:] }
        let answers = Answers()
        let deadline = ContinuousClock.now + limit
        do throws(SystemError) {
            let resolver = try Resolver(names: names, servers: servers) { name, entry, _ in
                answers.entries.withLock { $0[name] = entry }
            }
            let thread = try resolver.start()
            // A failure of the DNS may come before tailscaled's word, which counts for more.
            if let words = await status()?.addresses(for: names) {
                resolver.learn(from: words)
                await answers.wait(until: deadline) { entries in
                    words.keys.allSatisfy { entries[$0]?.source == .tailscale }
                }
            }
            await answers.wait(until: deadline) { $0.count == names.count }
            // The families of a name come one by one.
            if answers.entries.withLock({ $0.values.contains { $0.source != .tailscale } }) {
                try? await Task.sleep(for: Self.familyDelay)
            }
            resolver.stop()
            thread.join()
        } catch {
            return names.reduce(into: [:]) { $0[$1] = Resolver.Entry(failure: "\(error)") }
        }
        return answers.entries.withLock { $0 }
    }

    /// - Parameter hasTailnet: whether the name may be one of a tailnet.
    static func finding(_ name: String, _ entry: Resolver.Entry?, hasTailnet: Bool) -> Finding {
        guard let entry, !entry.addresses.isEmpty else {
            return Finding(
                .name, name, .fail,
                "The name has no address: \(entry?.failure ?? "no name server answered in time").",
                fix: hasTailnet
                    ? "Correct the name in the file, or see that the tailnet is up and lets this host see it."
                    : "Correct the name in the file, or add it to /etc/hosts or to the DNS of this host.",
                matter: .unseen)
        }
        let source = entry.source.map { " (\($0))" } ?? ""
        return Finding(
            .name, name, .pass, "It is \(entry.addresses.map(\.description).joined(separator: ", "))\(source).")
    }
}
