import Synchronization
import TailwartCore
import TailwartEngine
import TailwartSystem
import TailwartWire

/// Who is let in: keeps the bans and the lists, takes what the mailbox says of clients, and hands to the workers what follows from it.
final class AccessControl: Sendable {
    /// For orders and questions of operators.
    let bans: BanKeeper
    private let lists: ListWatcher
    private let webhook: WebhookServer
    private let crowdsec: CrowdSecFollower
    private let rules: RulesAtTheDoor
    private let ledger: Ledger

    /// Puts in force what the file says, before it returns; lists follow as soon as they are read.
    ///
    /// - Parameter isFirst: else it listens to the mailbox and to CrowdSec, and writes the file, not before ``begin(_:)``, as another process does.
    init(_ settings: BanSettings, ledger: Ledger, engine: Engine, isFirst: Bool) throws(SystemError) {
        let rules = RulesAtTheDoor(engine, try Waker())
        let lists = try ListWatcher(ledger: ledger) { rules.change(lists: $0) }
        let bans = try BanKeeper(settings, isFirst: isFirst, ledger: ledger, surroundings: .of(engine, rules))
        do throws(SystemError) {
            webhook = try WebhookServer(isFirst ? settings.webhook : nil, of: bans, ledger: ledger)
        } catch {
            bans.stop()
            throw error
        }
        self.rules = rules
        self.lists = lists
        self.bans = bans
        self.ledger = ledger
        crowdsec = CrowdSecFollower(of: bans, ledger: ledger)
        if isFirst { crowdsec.serve(settings.crowdsec) }
        serve(lists: settings)
    }

    /// The file says this now.
    func serve(_ settings: BanSettings) {
        bans.serve(settings)
        listen(to: settings)
        serve(lists: settings)
    }

    /// How many networks each list has, by its name.
    var listSizes: [(name: String, networks: Int)] { rules.listSizes }

    /// Whether the door turns an address away for a ban.
    func isBanned(_ address: IPAddress) -> Bool {
        let kinds = rules.findings(for: address).map(\.kind)
        return kinds.contains(.banned) && !kinds.contains(.trusted)
    }

    private func serve(lists settings: BanSettings) {
        do throws(SystemError) {
            try lists.serve(settings.lists, keptBeside: settings.file)
        } catch {
            for list in settings.lists { ledger.post(.listFailed(name: list.label, failure: "\(error)", kept: nil)) }
        }
    }

    /// This process serves now, where another did.
    func begin(_ settings: BanSettings) {
        bans.begin()
        listen(to: settings)
    }

    private func listen(to settings: BanSettings) {
        webhook.serve(settings.webhook)
        crowdsec.serve(settings.crowdsec)
    }

    /// Another process serves, and keeps the bans from now on.
    func letGo() {
        webhook.serve(nil)
        crowdsec.stop()
        bans.letGo()
    }

    func stop() {
        lists.stop()
        webhook.stop()
        crowdsec.stop()
        bans.stop()
    }
}

/// What the workers ask, made of parts that come from several threads.
final class RulesAtTheDoor: Sendable {
    /// Milliseconds: a worker that does not answer has other troubles.
    private static let patience: UInt64 = 1000

    private let engine: Engine
    private let rules = Mutex(AccessRules())
    /// Held while rules are on their way to the workers.
    private let publishing = Mutex(())
    /// Rung when all workers have them.
    private let taken: Waker
    private let seed = (UInt64.random(in: 0...(.max)), UInt64.random(in: 0...(.max)))

    init(_ engine: Engine, _ taken: Waker) {
        self.engine = engine
        self.taken = taken
    }

    /// Returns when all workers have them.
    func change(bans: BansInForce) {
        let trusted = NamedNetworks(NetworkTable(bans.trusted.map { ($0, 0) }, seed: seed), names: ["never banned"])
        let layers = BanLayer.allCases
        let numbers = Dictionary(uniqueKeysWithValues: zip(layers, UInt16(0)...))
        let banned = NamedNetworks(
            NetworkTable(bans.banned.map { ($0.network, numbers[$0.layer] ?? 0) }, seed: seed),
            names: layers.map { "banned by \($0.words)" })
        change { $0.with(trusted: trusted, bans: banned) }
    }

    func change(lists: AccessLists) { change { $0.with(lists: lists) } }

    var listSizes: [(name: String, networks: Int)] { rules.withLock { $0 }.listSizes }

    /// What lists say of an address.
    func findings(for address: IPAddress) -> [AccessFinding] { rules.withLock { $0 }.findings(for: address) }

    private func change(_ next: (AccessRules) -> AccessRules) {
        publishing.withLock { _ in
            let new = rules.withLock { rules in
                rules = next(rules)
                return rules
            }
            let (replaced, acknowledgement) = engine.apply(new, taken)
            _ = taken.wait(within: Self.patience) { acknowledgement.isComplete }
            // No worker spends its time on giving back the memory of a million networks.
            withExtendedLifetime(replaced) {}
        }
    }
}

extension BanKeeper.Surroundings {
    /// Connections that are looked at for owners, the oldest first.
    private static let ownersSeen = 4096

    fileprivate static func of(_ engine: Engine, _ rules: RulesAtTheDoor) -> BanKeeper.Surroundings {
        BanKeeper.Surroundings(
            own: { InterfaceAddresses.all() },
            owners: {
                let open = (try? engine.connections(ConnectionFilter(limit: ownersSeen)))?.connections ?? []
                return open.filter { $0.record.record.isOfOwner(age: $0.age) }
                    .compactMap { $0.record.record.client?.ip }.withoutRepeats
            },
            publish: { rules.change(bans: $0) }, findings: { rules.findings(for: $0) },
            table: { engine.topology.clients.map { ($0.capacity, $0.untrackedConnections) } })
    }
}
