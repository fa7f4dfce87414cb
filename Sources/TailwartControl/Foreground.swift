import Glibc
import TailwartCore
import TailwartEngine
package import TailwartSystem

/// An edge in the foreground: does what ``EdgeLife`` says, and tells it of signals, time and the last connection.
package enum Foreground {
    private static let signals = [SIGTERM, SIGINT]

    /// To be called first, before any thread is made: the signals are read here and nowhere else.
    package static func prepare() { Signals.block(signals) }

    /// Serves until SIGTERM or SIGINT; then stops accepting and lets connections finish for `drain`. A second signal ends at once.
    ///
    /// - Parameter limit: as if a signal came after this time.
    package static func serve(
        _ edge: Edge, ledger: Ledger, drain: Duration, limit: Duration? = nil
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
                    case .signal(let number): .signal(number == SIGTERM ? .terminated : .interrupted)
                    case .rung: .idle
                    case .time: .tick
                    }
            }
        }
    }
    /// The same for a task, which must not wait for a signal: a thread of its own does.
    package static func serveAside(
        _ edge: Edge, ledger: Ledger, drain: Duration, limit: Duration? = nil
    ) async throws {
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            do {
                _ = try Thread(name: "signals") {
                    do throws(SystemError) {
                        try serve(edge, ledger: ledger, drain: drain, limit: limit)
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
