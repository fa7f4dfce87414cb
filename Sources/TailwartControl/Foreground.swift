import Glibc
package import TailwartCore
import TailwartEngine
package import TailwartSystem

/// An edge in the foreground: does what ``EdgeLife`` says, and tells it of signals, time and the last connection.
package enum Foreground {
    /// A process with the id 1, as in a container, inherits all whose parent has ended, and has to ask how they ended.
    private static let isInit = getpid() == 1
    private static let signals = [SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2] + (isInit ? [SIGCHLD] : [])

    /// To be called first, before any thread is made, since a signal comes to whichever thread does not block it: the signals are read here
    /// and nowhere else.
    package static func prepare() { Signals.block(signals) }

    /// What SIGHUP means.
    package enum HangUp: Sendable {
        /// The terminal is gone, and with it whoever watches: one more signal to end.
        case ends
        /// The configuration is read anew.
        case reloads(@Sendable () -> ConfigurationReading)
    }

    /// Serves until SIGTERM or SIGINT; then stops accepting and lets connections finish. A second signal ends at once.
    ///
    /// - Parameters:
    ///   - drain: how long they may; nil: as the configuration says by then.
    ///   - limit: as if a signal came after this time.
    ///   - manager: is told how the edge is.
    package static func serve(
        _ edge: Edge, ledger: Ledger, drain: Duration? = nil, limit: Duration? = nil, hangUp: HangUp = .ends,
        manager: ServiceManager = ServiceManager([:])
    ) throws(SystemError) {
        let report = try ServiceReport(manager, edge)
        report.serves(process: getpid())
        var inbox = try SignalInbox(signals)
        defer { inbox.close() }
        var life = EdgeLife.starting(limit: limit)
        var event = EdgeLife.Event.started
        while true {
            let effects = life.take(
                event, live: edge.counters.live, drain: drain ?? edge.configuration.drain, now: Clock.monotonic())
            for effect in effects {
                switch effect {
                case .say(let event):
                    ledger.post(event)
                    if case .draining(let cause, _, _) = event, cause != .takenOver { report.stops() }
                case .reload:
                    // What comes of it is said in the log.
                    if case .reloads(let reading) = hangUp {
                        report.reloads(at: Clock.monotonic())
                        edge.reload(reading: reading) { _ in edge.noteReload() }
                    }
                case .drain: edge.drain()
                case .stop: edge.stop()
                }
            }
            if edge.takeReload() { report.serves(process: getpid()) }
            report.pulse(now: Clock.monotonic())
            switch life {
            case .stopped: return
            case .stopping: event = .ended(accepted: edge.counters.accepted)
            default:
                event =
                    switch inbox.wait(until: [life.deadline, report.nextPulse].compactMap(\.self).min(), or: edge.idle)
                    {
                    case .signal(let number): Self.event(of: number, hangUp)
                    case .rung: edge.news() ?? .idle
                    case .time: .tick
                    }
            }
        }
    }

    private static func event(of signal: CInt, _ hangUp: HangUp) -> EdgeLife.Event {
        switch signal {
        case SIGTERM: return .signal(.terminated)
        case SIGINT: return .signal(.interrupted)
        case SIGHUP: if case .ends = hangUp { return .signal(.hungUp) } else { return .reloadSignal }
        case SIGUSR1: return .otherSignal(.user1)
        case SIGUSR2: return .otherSignal(.user2)
        default:
            Spawn.reap()
            return .tick
        }
    }

    /// The same for a task, which must not wait for a signal: a thread of its own does.
    package static func serveAside(
        _ edge: Edge, ledger: Ledger, drain: Duration? = nil, limit: Duration? = nil, hangUp: HangUp = .ends
    ) async throws {
        try await Thread.run(name: "signals") {
            Result { () throws(SystemError) in
                try serve(edge, ledger: ledger, drain: drain, limit: limit, hangUp: hangUp)
            }
        }.get()
    }
}
