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
            reload: reload, subscribe: { onNews in LedgerFeed(self.ledger, onNews: onNews) },
            hostNames: { [HostName.current, self.maker.name.description].compactMap { $0?.lowercased() } })
    }

    private func reload(_ reading: @escaping @Sendable () -> ConfigurationReading, isTrial: Bool) -> CommandAnswer {
        guard isTrial else {
            do throws(SystemError) {
                return ReloadAnswer.of(try reload(reading: reading))
            } catch {
                return ReloadAnswer.of(.refused([.init(.error, "the reload could not be begun: \(error)")]))
            }
        }
        switch reading() {
        case .good(let configuration, let warnings):
            return ReloadAnswer.of(.reloaded(preview(configuration), warnings: warnings))
        case .bad(let problems): return ReloadAnswer.of(.refused(problems))
        }
    }
}

extension ReloadAnswer {
    fileprivate static func of(_ outcome: ReloadOutcome) -> CommandAnswer {
        switch outcome {
        case .reloaded(let difference, let warnings):
            ReloadAnswer.answer(isGood: true, problems: warnings, changes: difference.json)
        case .refused(let problems): ReloadAnswer.answer(isGood: false, problems: problems)
        }
    }
}
