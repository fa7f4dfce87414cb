package import TailwartAdmin
package import TailwartCore
import TailwartEngine
import TailwartSystem
import TailwartWire

/// The edge as the admin interface sees it.
extension Edge {
    /// - Parameter reading: reads the file anew; nil where there is none.
    package func view(reading: (@Sendable () -> ConfigurationReading)?) -> AdminView {
        let started = Clock.monotonic()
        var reload: (@Sendable (Bool) -> CommandAnswer)?
        if let reading { reload = { self.reload(reading, isTrial: $0) } }
        return AdminView(
            notReady: { self.orders.isDraining ? "the edge drains: it accepts no more" : nil },
            status: { self.status(uptime: Int((Clock.monotonic() - started) / 1_000_000)) },
            connections: { (try? self.engine.connections($0)) ?? ConnectionList() },
            close: { try? self.engine.close(connection: $0) },
            drain: { limit in
                guard self.orders.wantDrain(limit) else { return false }
                self.idle.ring()
                return true
            },
            setLogLevel: { level in
                self.log?.change(to: LogSettings(format: self.configuration.log.format, level: level))
            },
            reload: reload, probe: { self.probe($0, done: $1) }, metrics: { self.metrics($0) },
            subscribe: { records, onNews in LedgerFeed(self.ledger, records: records, onNews: onNews) },
            hostNames: { [HostName.current, self.maker.name.description].compactMap { $0?.lowercased() } },
            bans: access.bans)
    }

    private func reload(_ reading: @escaping @Sendable () -> ConfigurationReading, isTrial: Bool) -> CommandAnswer {
        guard isTrial else {
            do throws(SystemError) {
                return try reload(reading: reading).answer
            } catch {
                return ReloadOutcome.refused([.init(.error, "the reload could not be begun: \(error)")]).answer
            }
        }
        switch reading() {
        case .good(let configuration, let warnings):
            return preview(configuration).answer(problems: warnings)
        case .bad(let problems): return ReloadOutcome.refused(problems).answer
        }
    }
}
