import Glibc
import TailwartCore
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

    /// Serves until SIGTERM or SIGINT; then stops accepting and lets connections finish for `drain`. A second signal ends at once.
    ///
    /// - Parameters:
    ///   - limit: as if a signal came after this time.
    ///   - endsWithTerminal: whether SIGHUP is one more signal to end.
    package static func serve(
        _ edge: Edge, ledger: Ledger, drain: Duration, limit: Duration? = nil, endsWithTerminal: Bool = false
    ) throws(SystemError) {
        var inbox = try SignalInbox(signals)
        defer { inbox.close() }
        var life = EdgeLife.starting(drain: drain, limit: limit)
        var event = EdgeLife.Event.started
        while true {
            for effect in life.take(event, live: edge.counters.live, now: Clock.monotonic()) {
                switch effect {
                case .say(let event): ledger.post(event)
                case .drain: edge.drain()
                case .stop: edge.stop()
                }
            }
            switch life {
            case .stopped: return
            case .stopping: event = .ended(accepted: edge.counters.accepted)
            default:
                event =
                    switch inbox.wait(until: life.deadline, or: edge.idle) {
                    case .signal(let number): Self.event(of: number, endsWithTerminal: endsWithTerminal)
                    case .rung: .idle
                    case .time: .tick
                    }
            }
        }
    }

    private static func event(of signal: CInt, endsWithTerminal: Bool) -> EdgeLife.Event {
        switch signal {
        case SIGTERM: return .signal(.terminated)
        case SIGINT: return .signal(.interrupted)
        case SIGHUP: return endsWithTerminal ? .signal(.hungUp) : .otherSignal(.hangup)
        case SIGUSR1: return .otherSignal(.user1)
        case SIGUSR2: return .otherSignal(.user2)
        default:
            Spawn.reap()
            return .tick
        }
    }

    /// The same for a task, which must not wait for a signal: a thread of its own does.
    package static func serveAside(
        _ edge: Edge, ledger: Ledger, drain: Duration, limit: Duration? = nil, endsWithTerminal: Bool = false
    ) async throws {
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            do {
                _ = try Thread(name: "signals") {
                    do throws(SystemError) {
                        try serve(edge, ledger: ledger, drain: drain, limit: limit, endsWithTerminal: endsWithTerminal)
                        done.resume()
                    } catch {
                        done.resume(throwing: error)
                    }
                }
            } catch {
                done.resume(throwing: error)
            }
        }
    }
}
