import Glibc
import Synchronization
package import TailwartCore
package import TailwartEngine
import TailwartProbe
import TailwartSystem
package import TailwartWire

/// The running edge: listeners, workers and who watches for them, brought up in order and taken down in order. It serves one configuration
/// after the other: see ``reload(reading:)``.
package final class Edge: Sendable {
    let ledger: Ledger
    let log: LineWriter?
    let listeners: ListenerSet
    let engine: Engine
    let maker: TopologyMaker
    let watchers: Watchers
    let leftOut: LeftOutReport
    let notifier: Notifier
    let access: AccessControl
    /// Serves another topology; never two at a time.
    let apply: @Sendable (Topology) -> Void
    let reloads: Mutex<Reloads>
    let takeovers = Mutex<TakeoverServer?>(nil)
    /// From which this one and those before it took over.
    let olderProcesses = Mutex<[UInt32]>([])
    /// Of which the thread that waits for signals has not heard.
    let isReloaded = Atomic<Bool>(false)
    /// Another process serves.
    let isTakenOver = Atomic<Bool>(false)
    let whenTakenOver = Mutex<(@Sendable () -> Void)?>(nil)
    let orders = EdgeOrders()
    /// Rung when there is something for the thread of reloads to do, and when a name has other addresses.
    let reloadWaker: Waker

    /// Binds everything and serves. Names need not resolve yet: their upstreams cannot be reached until they do.
    ///
    /// - Parameters:
    ///   - log: is to write as the configuration says, when that changes.
    ///   - inheritance: sockets of another process, with which it serves not before ``watch()``; nil: it serves at once.
    /// - Throws: ``ListenErrors`` or ``SystemError``; nothing is left open then.
    package init(
        _ configuration: Configuration, ledger: Ledger, log: LineWriter? = nil,
        inheriting inheritance: Takeover.Inheritance? = nil
    ) throws {
        self.ledger = ledger
        self.log = log
        let unbound = Topology(configuration, addresses: { _ in nil }, seed: TopologyMaker.seed)
        listeners = try ListenerSet(
            unbound, inheriting: inheritance?.sockets ?? [], isSuspended: inheritance != nil)
        for opening in listeners.missing { ledger.post(.addressMissing(opening)) }
        reloads = Mutex(Reloads(configuration))
        reloadWaker = try Waker()
        maker = TopologyMaker(
            configuration, host: HostName.current, binds: listeners.binds, carrying: unbound)
        let first = maker.topology()
        Self.raiseDescriptorLimit(for: configuration, ledger)
        let engine = try Engine(
            topology: first, sockets: [], workers: configuration.workers ?? Self.cores,
            idSeed: UInt64.random(in: 0...(.max)), recordReader: ledger.waker)
        self.engine = engine
        ledger.follow(
            engine.records, live: { [engine] in engine.live }, isShort: { [engine] in engine.isShortOfDescriptors })
        leftOut = LeftOutReport(ledger: ledger)
        leftOut.change(to: configuration, probed: Set(ProbeSubject.all(of: configuration).map(\.place)))
        leftOut.take(first)
        apply = { [listeners, leftOut] topology in
            engine.apply(topology, opening: listeners.ready(for: topology))
            leftOut.take(topology)
        }
        watchers = Watchers(maker, ledger: ledger, named: reloadWaker, apply: apply) { engine.close([$0]) }
        do throws(SystemError) {
            notifier = try Notifier(of: ledger) { [maker] in maker.name }
        } catch {
            engine.stop()
            engine.join()
            throw error
        }
        notifier.serve(configuration)
        do throws(SystemError) {
            // Who takes over begins with the webhook, CrowdSec and the file when he serves.
            access = try AccessControl(
                configuration.bans, ledger: ledger, engine: engine, isFirst: inheritance == nil)
        } catch {
            notifier.stop()
            engine.stop()
            engine.join()
            throw error
        }
        do throws(SystemError) {
            try watchers.prepare(for: configuration)
        } catch {
            notifier.stop()
            access.stop()
            // The workers must not outlive the sockets that they watch.
            watchers.stop()
            engine.stop()
            engine.join()
            throw error
        }
        watchers.watch(for: configuration)
        // Not before it is known who is let in.
        maker.again(apply)
    }

    /// What is served.
    package var configuration: Configuration { reloads.withLock(\.control.configuration) }

    /// Where a listener really listens: the port is known even where the kernel chose it. Without Unix sockets.
    package func addresses(of listener: String) -> [InternetAddress] { listeners.addresses(of: listener) }

    /// What each was asked to listen on.
    package var openings: [EdgeEvent.Opening] {
        configuration.listeners.flatMap { listener in
            listener.bind.map { EdgeEvent.Opening($0, listener: listener.name) }
        }
    }

    package var counters: Engine.Counters { engine.counters }

    /// Rung when the edge drains and no connection is open, and when another process serves.
    var idle: Waker { engine.idle }

    /// Stops accepting; connections go on, and what is served does not change any more.
    package func drain() {
        closeTakeovers()
        orders.drains()
        closeReloads()
        engine.drain()
        listeners.letGo()
    }

    /// Ends what is left and waits for the workers.
    package func stop() {
        closeTakeovers()
        closeReloads()
        joinReloads()
        watchers.stop()
        notifier.stop()
        access.stop()
        engine.stop()
        engine.join()
        listeners.letGo()
    }

    static func raiseDescriptorLimit(for configuration: Configuration, _ ledger: Ledger) {
        let connections = configuration.maxConnections
        guard let limit = DescriptorLimit.raise(), limit < DescriptorLimit.needed(for: connections) else { return }
        ledger.post(.descriptorsShort(limit: limit, connections: connections))
    }

    private static var cores: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}
