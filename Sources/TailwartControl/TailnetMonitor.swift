import Synchronization
import TailwartCore
import TailwartResolve
import TailwartSystem
import TailwartTailnet

/// Asks tailscaled now and then, and does what ``TailnetControl`` says of the answer.
final class TailnetMonitor: Sendable {
    /// Between two questions. MagicDNS answers live as long.
    private static let interval = Duration.seconds(5)
    private static let timeout = Duration.seconds(3)

    private struct State {
        /// Nil: what it was.
        var wanted: TailnetControl.Wanted?
        var pause: Task<Void, Never>?
    }

    private let localAPI: LocalAPI
    private let control: TailnetControl
    private let resolver: @Sendable () -> Resolver?
    private let ledger: Ledger
    private let host: @Sendable (TailnetStatus?) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - resolver: told what tailscaled says of names; nil while there are none.
    ///   - host: told each answer, for what it says of this host; nil without one.
    init(
        _ localAPI: LocalAPI, _ wanted: TailnetControl.Wanted, resolver: @escaping @Sendable () -> Resolver?,
        ledger: Ledger, host: @escaping @Sendable (TailnetStatus?) -> Void
    ) {
        self.localAPI = localAPI
        control = TailnetControl(wanted)
        self.resolver = resolver
        self.ledger = ledger
        self.host = host
    }

    /// Asks for others from now on, and at once.
    func follow(_ wanted: TailnetControl.Wanted) {
        state.withLock { state in
            state.wanted = wanted
            state.pause?.cancel()
        }
    }

    /// Asks until the task is cancelled.
    func run() async {
        var control = control
        while !Task.isCancelled {
            if let wanted = state.withLock({ $0.wanted.take() }) { control.follow(wanted) }
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
            await pause()
        }
    }

    /// Until the next question is due, or somebody wants to know something else.
    private func pause() async {
        let pause = Task<Void, Never> {
            // Cancelled: there is something to ask at once.
            try? await Task.sleep(for: Self.interval * Double.random(in: 0.9...1.1))
        }
        let isDue = state.withLock { state in
            state.pause = pause
            return state.wanted != nil
        }
        if isDue { pause.cancel() }
        await withTaskCancellationHandler {
            await pause.value
        } onCancel: {
            pause.cancel()
        }
    }

    private func perform(_ effect: TailnetControl.Effect) async {
        switch effect {
        case .learn(let addresses): resolver()?.learn(from: addresses)
        case .say(let event): ledger.post(event)
        case .sayAfterPing(var news, let address):
            // Without an answer the rest is said all the same.
            news.roundTrip = try? await localAPI.ping(address, timeout: Self.timeout).latency
            ledger.post(.tailnet(news))
        }
    }
}
