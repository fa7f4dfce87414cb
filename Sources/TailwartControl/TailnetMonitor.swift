import Synchronization
import TailwartCore
import TailwartResolve
import TailwartSystem
import TailwartTailnet
import TailwartWire

/// Asks tailscaled now and then, and does what ``TailnetControl`` says of the answer.
final class TailnetMonitor: Sendable {
    /// Between two questions. MagicDNS answers live as long.
    private static let interval = Duration.seconds(5)
    private static let timeout = Duration.seconds(3)
    /// How long a path over DERP is pinged before it counts as one.
    private static let upgradePatience = Duration.seconds(5)

    private struct State {
        /// Nil: what it was.
        var wanted: TailnetControl.Wanted?
        var pause: Task<Void, Never>?
    }

    private let localAPI: LocalAPI
    private let control: TailnetControl
    private let resolver: @Sendable () -> Resolver?
    private let ledger: Ledger
    private let told: @Sendable (TailnetNews) -> Void
    private let host: @Sendable (TailnetStatus?) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - resolver: told what tailscaled says of names; nil while there are none.
    ///   - told: all that is said of the tailnet.
    ///   - host: told each answer, for what it says of this host; nil without one.
    init(
        _ localAPI: LocalAPI, _ wanted: TailnetControl.Wanted, resolver: @escaping @Sendable () -> Resolver?,
        ledger: Ledger, told: @escaping @Sendable (TailnetNews) -> Void,
        host: @escaping @Sendable (TailnetStatus?) -> Void
    ) {
        self.localAPI = localAPI
        control = TailnetControl(wanted)
        self.resolver = resolver
        self.ledger = ledger
        self.told = told
        self.host = host
    }

    /// Asks for others from now on, and at once.
    func follow(_ wanted: TailnetControl.Wanted) {
        state.withLock { state in
            state.wanted = wanted
            state.pause?.cancel()
        }
    }

    /// Whether the host of an address answers tailscaled; nil where that is none of this tailnet, or tailscaled does not say.
    func answers(_ address: IPAddress) async -> Bool? {
        guard address.isOfTailnet else { return nil }
        do throws(LocalAPIError) {
            _ = try await localAPI.ping(address, timeout: Self.timeout)
            return true
        } catch {
            if case .timedOut = error { return false }
            return nil
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
        case .say(let event): say(event)
        case .sayAfterPing(var news, let address):
            let ping = await ping(address, untilDirect: news.path == .derp)
            // It was so for the first packets only; the next look says so.
            if news.path == .derp, ping?.path.kind == .direct { return told(news) }
            // Without an answer the rest is said all the same.
            news.roundTrip = ping?.latency
            say(.tailnet(news))
        }
    }

    private func say(_ event: EdgeEvent) {
        if case .tailnet(let news) = event { told(news) }
        ledger.post(event)
    }

    /// - Parameter untilDirect: tailscaled begins over DERP and finds the direct way while packets flow, within seconds.
    private func ping(_ address: IPAddress, untilDirect: Bool) async -> TailnetPing? {
        let end = ContinuousClock.now + Self.upgradePatience
        var last: TailnetPing?
        repeat {
            last = try? await localAPI.ping(address, timeout: Self.timeout)
            guard untilDirect, let last, last.path.kind != .direct else { return last }
            try? await Task.sleep(for: .seconds(1))
        } while ContinuousClock.now < end && !Task.isCancelled
        return last
    }
}
