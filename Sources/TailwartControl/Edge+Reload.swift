import Synchronization
package import TailwartCore
import TailwartEngine
import TailwartProbe
package import TailwartSystem

/// Serving another configuration: does what ``Reload`` says, on a thread of its own, so that who asks is not kept waiting, and signals are
/// heard meanwhile.
extension Edge {
    /// Has the configuration read and serves it; from any thread. Nobody is turned away, cut or moved by it: open connections go on as they
    /// began.
    ///
    /// - Parameters:
    ///   - reading: called on a thread of its own, once for all who ask before it is their turn.
    ///   - done: called once, on that thread, when the log has been told too.
    package func reload(
        reading: @escaping @Sendable () -> ConfigurationReading, done: @escaping @Sendable (ReloadOutcome) -> Void
    ) {
        take(.wanted, for: Reloads.Request(read: reading, done: done))
    }

    /// The same, and waits for it.
    package func reload(reading: @escaping @Sendable () -> ConfigurationReading) throws(SystemError) -> ReloadOutcome {
        let answer = Answer(try Waker())
        reload(reading: reading, done: answer.give)
        return answer.wait()
    }

    /// The thread that waits for signals is told that one is done.
    func noteReload() {
        isReloaded.store(true, ordering: .releasing)
        idle.ring()
    }

    func takeReload() -> Bool { isReloaded.exchange(false, ordering: .acquiring) }

    /// What a reload with this configuration would change.
    package func preview(_ configuration: Configuration) -> ConfigurationDifference {
        ConfigurationDifference(from: self.configuration, to: configuration)
    }

    /// What is served does not change any more.
    func closeReloads() { take(.closing) }

    /// Waits for the one that is going on.
    func joinReloads() {
        let thread = reloads.withLock { reloads in
            reloads.isStopped = true
            return reloads.thread
        }
        reloadWaker.ring()
        thread?.join()
    }

    private func take(_ event: Reload.Event, for request: Reloads.Request? = nil) {
        let isOnThread = reloads.withLock { reloads in
            if let request { reloads.waiting.append(request) }
            let effects = reloads.control.take(event, now: Clock.monotonic())
            // Here, so that no drain comes between the decision and what it leads to.
            for case .apply(let change) in effects { serve(change, &reloads) }
            reloads.effects += effects
            if reloads.effects.isEmpty || reloads.isStopped { return !reloads.isStopped }
            if reloads.thread == nil { reloads.thread = try? Thread(name: "reload") { self.runReloads() } }
            return reloads.thread != nil
        }
        // Without a thread, as when there is no memory for one, who asks does it.
        if isOnThread { reloadWaker.ring() } else { while performNext() {} }
    }

    // MARK: - the thread

    private func runReloads() {
        while true {
            if performNext() { continue }
            let (control, names, isStopped) = reloads.withLock { ($0.control, $0.names, $0.isStopped) }
            if isStopped { return }
            if let deadline = control.deadline {
                let now = Clock.monotonic()
                if watchers.know(names) {
                    take(.named)
                } else if now >= deadline {
                    take(.tick)
                } else {
                    reloadWaker.wait(timeout: CInt((deadline - now) / 1000 + 1))
                }
            } else {
                reloadWaker.wait(timeout: -1)
            }
        }
    }

    /// - Returns: whether there was something to do.
    private func performNext() -> Bool {
        let effect = reloads.withLock { $0.effects.isEmpty ? nil : $0.effects.removeFirst() }
        guard let effect else { return false }
        switch effect {
        case .read:
            let read = reloads.withLock { reloads in
                (reloads.current, reloads.waiting) = (reloads.waiting, [])
                return reloads.current.last?.read
            }
            take(.read(read?() ?? .bad([])))
        case .open(let configuration): take(.opened(problems: open(configuration)))
        case .lookUp(let names):
            reloads.withLock { $0.names = names }
            watchers.lookUp(names, besides: configuration)
        case .giveBack:
            reloads.withLock { $0.opened.take() }?.close()
            watchers.lookUp([], besides: configuration)
        case .apply(let change): follow(change)
        case .answer(let outcome): answer(outcome)
        }
        return true
    }

    private func open(_ configuration: Configuration) -> [CommandAnswer.Problem] {
        do {
            try watchers.prepare(for: configuration)
            let opened = try listeners.open(for: Topology(configuration, addresses: { _ in nil }))
            reloads.withLock { $0.opened = opened }
            return []
        } catch let error as ListenErrors {
            return error.problems.map(\.answered)
        } catch {
            return [CommandAnswer.Problem(.error, "\(error)")]
        }
    }

    /// New connections are served by it from now on.
    private func serve(_ change: Reload.Change, _ reloads: inout Reloads) {
        let configuration = change.configuration
        leftOut.change(to: configuration, probed: Set(ProbeSubject.all(of: configuration).map(\.place)))
        let unbound = Topology(configuration, addresses: { _ in nil })
        let opened = reloads.opened.take() ?? .init()
        let removed = listeners.change(to: unbound, opened)
        for opening in opened.missing { ledger.post(.addressMissing(opening)) }
        maker.change(to: configuration, binds: listeners.binds) { topology in
            engine.apply(topology, opening: listeners.ready(for: topology), closing: removed)
            leftOut.take(topology)
        }
    }

    /// What can come a moment later.
    private func follow(_ change: Reload.Change) {
        // Who is told that an address is gone may use it himself. Workers that take longer than that lose nothing by it.
        _ = engine.settle()
        notifier.serve(change.configuration)
        access.serve(change.configuration.bans)
        watchers.watch(for: change.configuration)
        let (before, now) = (change.previous, change.configuration)
        // Whoever has asked the running edge for another level keeps it.
        if now.log != before.log { log?.change(to: now.log) }
        if now.maxConnections != before.maxConnections { Self.raiseDescriptorLimit(for: now, ledger) }
    }

    private func answer(_ outcome: ReloadOutcome) {
        let requests = reloads.withLock { reloads in
            defer { reloads.current = [] }
            guard reloads.control.state == .closed else { return reloads.current }
            defer { reloads.waiting = [] }
            return reloads.current + reloads.waiting
        }
        guard !requests.isEmpty else { return }
        switch outcome {
        case .reloaded(let difference, let warnings): ledger.post(.reloaded(difference, warnings: warnings))
        case .refused(let problems): ledger.post(.reloadFailed(problems))
        }
        for request in requests { request.done(outcome) }
    }
}

/// Reloads as they go on: the decisions, who waits for them, and what is not done yet.
struct Reloads: Sendable {
    struct Request: Sendable {
        let read: @Sendable () -> ConfigurationReading
        let done: @Sendable (ReloadOutcome) -> Void
    }

    var control: Reload
    /// To be done, in this order.
    var effects: [Reload.Effect] = []
    /// Served by the reload that is going on.
    var current: [Request] = []
    /// Served by the one after it.
    var waiting: [Request] = []
    /// For the configuration to come.
    var opened: ListenerSet.Opened?
    /// That are looked up.
    var names: [String] = []
    /// From the first reload on.
    var thread: Thread?
    var isStopped = false

    init(_ configuration: Configuration) { control = Reload(configuration) }
}

/// What one thread waits for and another gives.
private final class Answer: Sendable {
    private let outcome = Mutex<ReloadOutcome?>(nil)
    private let waker: Waker

    init(_ waker: Waker) { self.waker = waker }

    func give(_ outcome: ReloadOutcome) {
        self.outcome.withLock { $0 = outcome }
        waker.ring()
    }

    func wait() -> ReloadOutcome {
        while true {
            if let outcome = outcome.withLock({ $0 }) { return outcome }
            waker.wait(timeout: -1)
        }
    }
}

extension ListenError {
    fileprivate var answered: CommandAnswer.Problem {
        CommandAnswer.Problem(.error, "listener \(listener): cannot listen on \(bind): \(cause)", fix: fix)
    }
}
