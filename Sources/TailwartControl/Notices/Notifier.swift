import Synchronization
import TailwartCore
import TailwartProbe
import TailwartSystem

/// Does what ``Notices`` says: hears all events of the ledger on a thread of its own, and has notices delivered aside, so that no server and
/// no command keeps it or the ledger waiting.
final class Notifier: Sendable {
    private struct State {
        var inbox: [Notices.Event] = []
        var tasks: [Int: Task<Void, Never>] = [:]
        var started = 0
        var sender: NoticeSender?
        var isStopped = false
        var thread: Thread?
    }

    private let ledger: Ledger
    private let name: @Sendable () -> EdgeName
    private let subscription: Subscription
    private let state = Mutex(State())
    /// Rung when there is something to take.
    private let news: Waker

    /// Hears of everything from now on.
    ///
    /// - Parameter name: what the edge calls itself.
    init(of ledger: Ledger, name: @escaping @Sendable () -> EdgeName) throws(SystemError) {
        self.ledger = ledger
        self.name = name
        let news = try Waker()
        self.news = news
        subscription = ledger.subscribe(from: .info, records: .none) { news.ring() }
        let thread = try Thread(name: "notify") { self.run() }
        state.withLock { $0.thread = thread }
    }

    /// Tells whom this configuration names from now on.
    func serve(_ configuration: Configuration) {
        let places = Set(ProbeSubject.all(of: configuration).map(\.named))
        give(.serves(configuration.notify, places: places, names: Set(configuration.tailnetNames)))
    }

    /// Ends what is under way.
    func stop() {
        let (thread, sender) = state.withLock { state in
            state.isStopped = true
            for task in state.tasks.values { task.cancel() }
            return (state.thread.take(), state.sender)
        }
        sender?.stop()
        news.ring()
        thread?.join()
    }

    private func give(_ event: Notices.Event) {
        state.withLock { $0.inbox.append(event) }
        news.ring()
    }

    // MARK: - the thread

    private func run() {
        defer { ledger.unsubscribe(subscription) }
        var notices = Notices()
        while true {
            let (inbox, isStopped) = state.withLock { state in
                defer { state.inbox = [] }
                return (state.inbox, state.isStopped)
            }
            guard !isStopped, let entries = subscription.take() else { return }
            var events = inbox
            for case .event(let event, _) in entries { events.append(.happened(event)) }
            let wall = Int(Clock.wall() / 1_000_000)
            for event in events.isEmpty ? [.tick] : events {
                for effect in notices.take(event, now: .now, wall: wall) { perform(effect) }
            }
            guard events.isEmpty else { continue }
            let now = ContinuousClock.now
            let pause = notices.nextDue(after: now).map { max(.zero, now.duration(to: $0)) }
            news.wait(timeout: pause.map { CInt(clamping: Int($0 / .milliseconds(1)) + 1) } ?? -1)
        }
    }

    private func perform(_ effect: Notices.Effect) {
        switch effect {
        case .say(let event): ledger.post(event)
        case .send(let notice, let messenger):
            state.withLock { state in
                if state.sender == nil { state.sender = try? NoticeSender() }
                guard let sender = state.sender, !state.isStopped else {
                    state.inbox.append(.delivered(messenger.way, failure: "this process has no descriptor left"))
                    return news.ring()
                }
                state.started += 1
                let number = state.started
                state.tasks[number] = Task {
                    let failure = await sender.send(notice, by: messenger, edge: self.name().description)
                    self.state.withLock { $0.tasks[number] = nil }
                    self.give(.delivered(messenger.way, failure: failure))
                }
            }
        }
    }
}
