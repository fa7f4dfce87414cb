import Glibc
import TailwartCore
import TailwartEngine
import TailwartSystem

/// An edge in the foreground: serves until a signal, then drains.
package enum Foreground {
    private static let signals = [SIGTERM, SIGINT]

    /// To be called first, before any thread is made: the signals are read here and nowhere else.
    package static func prepare() { Signals.block(signals) }

    /// Serves until SIGTERM or SIGINT; then stops accepting and lets connections finish for `drain`. A second signal ends at once.
    ///
    /// - Parameter limit: as if a signal came after this time.
    package static func serve(_ edge: Edge, log: Log, drain: Duration, limit: Duration? = nil) {
        let cause =
            limit.map { limit in
                Signals.wait(for: signals, milliseconds: Int(limit / .milliseconds(1))).map(name) ?? "time is up"
            } ?? name(Signals.wait(for: signals))
        log.post(
            .info,
            "\(cause): no longer accepting; \(connections(edge.counters.live)) may finish within "
                + "\(drain.configurationText), a second signal ends at once")
        edge.drain()
        finish(edge, within: drain, log)
        edge.stop()
        log.post(.info, "stopped after \(connections(edge.counters.accepted))")
        log.finish()
    }

    private static func finish(_ edge: Edge, within drain: Duration, _ log: Log) {
        let end = ContinuousClock.now + drain
        while edge.counters.live > 0, ContinuousClock.now < end {
            if let signal = Signals.wait(for: signals, milliseconds: 50) {
                log.post(.info, "\(name(signal)) again: ending \(connections(edge.counters.live)) at once")
                return
            }
        }
    }

    private static func connections(_ count: Int) -> String { "\(count) \(count == 1 ? "connection" : "connections")" }

    private static func name(_ signal: CInt) -> String { signal == SIGTERM ? "SIGTERM" : "SIGINT" }
}
