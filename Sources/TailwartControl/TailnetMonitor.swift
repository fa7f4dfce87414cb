import TailwartCore
import TailwartResolve
import TailwartSystem
import TailwartTailnet

/// Asks tailscaled now and then, and does what ``TailnetControl`` says of the answer.
struct TailnetMonitor: Sendable {
    /// Between two questions. MagicDNS answers live as long.
    private static let interval = Duration.seconds(5)
    private static let timeout = Duration.seconds(3)

    let localAPI: LocalAPI
    let control: TailnetControl
    let resolver: Resolver?
    let ledger: Ledger
    /// Told each answer, for what it says of this host; nil without one.
    let host: @Sendable (TailnetStatus?) -> Void

    /// Asks until the task is cancelled.
    func run() async {
        var control = control
        while !Task.isCancelled {
            let socket = localAPI.identity
            let answer: Result<TailnetStatus, LocalAPIError>
            do throws(LocalAPIError) {
                answer = .success(try await localAPI.status(timeout: Self.timeout))
            } catch {
                answer = .failure(error)
            }
            guard !Task.isCancelled else { return }
            host(try? answer.get())
            for effect in control.take(answer, socket: socket, at: Int(Clock.wall() / 1_000_000)) {
                await perform(effect)
            }
            try? await Task.sleep(for: Self.interval * Double.random(in: 0.9...1.1))
        }
    }

    private func perform(_ effect: TailnetControl.Effect) async {
        switch effect {
        case .learn(let addresses): resolver?.learn(from: addresses)
        case .say(let event): ledger.post(event)
        case .sayAfterPing(var news, let address):
            // Without an answer the rest is said all the same.
            news.roundTrip = try? await localAPI.ping(address, timeout: Self.timeout).latency
            ledger.post(.tailnet(news))
        }
    }
}
