package import TailwartWire

/// Who is banned, by whom and until when. A value without clock and I/O: seconds since 1970 are an argument, since bans survive a restart.
///
/// All of it is bounded; what has to go for something else is counted.
package struct BanBook: Sendable {
    package enum Event: Sendable {
        /// Nothing but that time has passed.
        case tick
        /// The file says this now.
        case settings(BanSettings)
        /// This host's own addresses.
        case own([IPAddress])
        /// - Parameter time: nil: for ever, which is for ``BanLayer/manual`` alone.
        case ban(Network, BanLayer, source: String = "", reason: String, time: Int?)
        /// One layer does not say so any more.
        case lift(Network, BanLayer, source: String = "")
        /// An operator wants a network to be let in: it is forgotten but by CrowdSec, which would say so again.
        case pardon(Network)
        case struck(IPAddress, Strike)
        /// Somebody with a mailbox is here, or was until now.
        case owner(IPAddress)
    }

    package enum Effect: Sendable, Equatable {
        /// ``inForce`` is another.
        case publish
        /// ``lines`` are others.
        case save
        case say(EdgeEvent)
    }

    struct Key: Hashable, Sendable {
        let network: Network
        let source: String
    }

    struct Tally: Sendable {
        /// When the first strike of these was.
        var since: Int
        var counts: [Strike: Int] = [:]
        var weight: Int { counts.reduce(0) { $0 + $1.key.weight * $1.value } }
    }

    /// Bans of one layer.
    package static let layerLimit = 100_000
    /// Networks with strikes; the one whose last strike is the longest ago goes for another.
    package static let tallyLimit = 16_384
    package static let ownerLimit = 4096
    /// Networks that were banned for strikes lately.
    package static let repeatLimit = 65_536
    static let ownerTime = 24 * 60 * 60
    /// How long it is known that there was a ban, from its end.
    static let repeatTime = 30 * 24 * 60 * 60
    /// Seconds: whoever says more means for ever.
    static let longest = 10 * 365 * 24 * 60 * 60
    /// Wider ones are a slip. Nobody has less than a /8 of IPv4 or a /16 of IPv6 to ban at once.
    package static let widest = (v4: 8, v6: 16)
    /// Probes come every half minute and are turned away each time: it is said once in so many seconds.
    static let edgeBannedPause = 60 * 60
    /// Characters of a reason.
    static let reasonLimit = 200
    /// Above all bans, whatever the file says. Those of the tailnet are of everybody's (RFC 6598 gives the first to carriers inside their networks).
    static let alwaysTrusted = ["127.0.0.0/8", "::1", "100.64.0.0/10", "fd7a:115c:a1e0::/48"].compactMap { Network($0) }

    package private(set) var settings: BanSettings
    private(set) var own: Set<IPAddress> = []
    var layers: [BanLayer: ExpiringTable<Key, Ban>]
    var owners = ExpiringTable<Network, Int>(limit: ownerLimit)
    var repeats = ExpiringTable<Network, Int>(limit: repeatLimit)
    var tallies = ExpiringTable<Network, Tally>(limit: tallyLimit)
    /// When it may be said again that the mailbox bans this edge; seconds since 1970.
    private var edgeBannedAgain = Int.min
    /// Layers of which it was said that they are full.
    private var saidFull: Set<BanLayer> = []

    /// - Parameter layerLimit: bans of one layer.
    package init(_ settings: BanSettings, layerLimit: Int = layerLimit) {
        self.settings = settings
        layers = Dictionary(uniqueKeysWithValues: BanLayer.allCases.map { ($0, ExpiringTable(limit: layerLimit)) })
    }

    /// When to say ``Event/tick`` though nothing happens; nil: never.
    package var nextDue: Int? {
        (layers.values.map(\.nextDue) + [owners.nextDue, repeats.nextDue, tallies.nextDue]).compactMap(\.self).min()
    }

    /// - Returns: what to do, each at most once but for what is to be said.
    package mutating func take(_ event: Event, now: Int) -> [Effect] {
        var effects = Effects()
        expire(now, &effects)
        switch event {
        case .tick: break
        case .settings(let new):
            if new != settings { effects.publish() }
            settings = new
        case .own(let addresses):
            let addresses = Set(addresses.map(\.unmapped))
            if addresses != own { effects.publish() }
            own = addresses
        case .ban(let network, let layer, let source, let reason, let time):
            if layer == .webhook, isOwn(network.base) { return edgeBanned(network.base, now, effects) }
            ban(network, layer, source: source, reason: reason, time: time, now, &effects)
        case .lift(let network, let layer, let source):
            if layer == .webhook, isOwn(network.base) { edgeBannedAgain = .min }
            lift(Key(network: settings.banned(network), source: source), layer, &effects)
        case .pardon(let network): pardon(settings.banned(network), &effects)
        case .struck(let address, .turnedAway) where isOwn(address): return edgeBanned(address, now, effects)
        case .struck(let address, let strike): struck(address.unmapped, strike, now, &effects)
        case .owner(let address): owner(address.unmapped, now, &effects)
        }
        return effects.all
    }

    /// In the order of ``BanLayer``, with all sources, in no order of their own.
    package var bans: [Ban] { BanLayer.allCases.flatMap { layers[$0]?.entries.values.map(\.value) ?? [] } }

    /// Bans that had to go for others.
    package var crowdedOut: Int { layers.values.reduce(0) { $0 + $1.crowdedOut } }

    private func isOwn(_ address: IPAddress) -> Bool { own.contains(address.unmapped) }

    // MARK: - one event each

    private mutating func edgeBanned(_ address: IPAddress, _ now: Int, _ effects: Effects) -> [Effect] {
        guard now >= edgeBannedAgain else { return effects.all }
        edgeBannedAgain = now + Self.edgeBannedPause
        return effects.all + [.say(.edgeBanned([address.unmapped]))]
    }

    private mutating func expire(_ now: Int, _ effects: inout Effects) {
        for layer in BanLayer.allCases {
            guard let ended = layers[layer]?.expire(now: now), !ended.isEmpty else { continue }
            effects.publish()
            if !layer.isRepeated { effects.save() }
        }
        if !owners.expire(now: now).isEmpty {
            effects.publish()
            effects.save()
        }
        if !repeats.expire(now: now).isEmpty { effects.save() }
        _ = tallies.expire(now: now)
    }

    private mutating func ban(
        _ asked: Network, _ layer: BanLayer, source: String, reason: String, time: Int?, _ now: Int,
        _ effects: inout Effects
    ) {
        let network = settings.banned(asked)
        guard !network.isTooWide, layer.mayBanPrivate || network.base.reach == .everywhere else { return }
        let key = Key(network: network, source: source)
        let until = time.map { now + min(max(0, $0), Self.longest) } ?? layer.endWithoutTime(now)
        let before = layers[layer]?[key]
        // The same decision again; one that says less than what holds already shortens nothing, but for the operator and CrowdSec.
        if let before, !layer.mayBanPrivate, until ?? .max <= before.until ?? .max { return }
        let ban = Ban(
            network, layer, source: source, reason: String(reason.prefix(Self.reasonLimit)).printable,
            since: before?.since ?? now,
            until: until)
        guard ban != before else { return }
        if layers[layer]?.set(key, ban, until: until ?? .max) != nil { full(layer, &effects) }
        if before == nil { effects.publish() }
        guard !layer.isRepeated else { return }
        effects.save()
        effects.say(.ban(BanNews(ban, isObserved: settings.isObserving, exemption: exemption(of: asked))))
    }

    private mutating func full(_ layer: BanLayer, _ effects: inout Effects) {
        guard saidFull.insert(layer).inserted, let limit = layers[layer]?.limit else { return }
        effects.say(
            .bansFailed(
                "\(limit) networks are banned by \(layer.words), the maximum: each further ban drops the one that would end first",
                fix: "see who they are with `tailwart ban list`; a list (bans.lists) holds a million"))
    }

    private mutating func lift(_ key: Key, _ layer: BanLayer, _ effects: inout Effects) {
        guard let ban = layers[layer]?.remove(key) else { return }
        effects.publish()
        guard !layer.isRepeated else { return }
        effects.save()
        effects.say(.ban(BanNews(ban, isLifted: true)))
    }

    private mutating func pardon(_ network: Network, _ effects: inout Effects) {
        for layer in BanLayer.allCases where !layer.isRepeated {
            lift(Key(network: network, source: ""), layer, &effects)
        }
        tallies.remove(network)
        if repeats.remove(network) != nil { effects.save() }
    }

    private mutating func struck(_ address: IPAddress, _ strike: Strike, _ now: Int, _ effects: inout Effects) {
        guard let rule = settings.strikes, address.reach == .everywhere, exemption(of: address) == nil else { return }
        let network = settings.banned(Network(address))
        guard layers[.strikes]?[Key(network: network, source: "")] == nil else { return }
        let within = Int(rule.within.components.seconds)
        var tally = tallies[network] ?? Tally(since: now)
        // Of a slow one, only what it did within the time counts.
        if tally.since <= now - within { tally = Tally(since: now) }
        tally.counts[strike, default: 0] += 1
        guard tally.weight >= rule.count * Strike.whole else {
            tallies.set(network, tally, until: now + within)
            return
        }
        tallies.remove(network)
        let times = repeats[network] ?? 0
        let time = rule.time(after: times)
        let reason = tally.sentence + (times == 0 ? "" : "; banned \(times + 1) times within a month")
        repeats.set(network, times + 1, until: now + time + Self.repeatTime)
        ban(network, .strikes, source: "", reason: reason, time: time, now, &effects)
    }

    private mutating func owner(_ address: IPAddress, _ now: Int, _ effects: inout Effects) {
        // Of this host and the tailnet everybody is trusted; they need no place.
        guard address.reach != .thisHost, address.reach != .tailnet, let network = address.clientNetwork else { return }
        let before = owners[network]
        // Not at each session's end: an hour of a day does not matter.
        if let before, before > now + Self.ownerTime - 60 * 60 { return }
        let gone = owners.set(network, now + Self.ownerTime, until: now + Self.ownerTime)
        tallies.remove(settings.banned(Network(address)))
        if before == nil || gone != nil { effects.publish() }
        effects.save()
    }

    /// Goes on with what the book of another process has, which may have changed its mind on what a file said.
    package mutating func adopt(_ lines: [BanFile.Line]) {
        for (layer, bans) in layers where !layer.isRepeated { layers[layer] = ExpiringTable(limit: bans.limit) }
        owners = ExpiringTable(limit: Self.ownerLimit)
        repeats = ExpiringTable(limit: Self.repeatLimit)
        tallies = ExpiringTable(limit: Self.tallyLimit)
        for line in lines { restore(line) }
    }

    /// Puts in what a file has. To be called before anything else; what is over by now goes with the first event.
    package mutating func restore(_ line: BanFile.Line) {
        switch line {
        case .ban(let ban):
            layers[ban.layer]?.set(Key(network: ban.network, source: ban.source), ban, until: ban.until ?? .max)
        case .owner(let network, let until): owners.set(network, until, until: until)
        case .repeated(let network, let times, let until): repeats.set(network, times, until: until)
        case .struck(let network, let since, let counts):
            guard let within = settings.strikes?.within else { return }
            let own = tallies[network]
            tallies.set(
                network,
                Tally(
                    since: min(since, own?.since ?? since),
                    counts: counts.merging(own?.counts ?? [:], uniquingKeysWith: +)),
                until: since + Int(within.components.seconds))
        // Of the webhook's memory.
        case .event: break
        }
    }
}

/// Gathers effects.
private struct Effects {
    private var publishes = false
    private var saves = false
    private var said: [BanBook.Effect] = []

    var all: [BanBook.Effect] { (publishes ? [.publish] : []) + (saves ? [.save] : []) + said }

    mutating func publish() { publishes = true }
    mutating func save() { saves = true }
    mutating func say(_ event: EdgeEvent) { said.append(.say(event)) }
}

extension BanLayer {
    /// A ban without an end is the operator's alone.
    fileprivate func endWithoutTime(_ now: Int) -> Int? {
        self == .manual ? nil : now + Int(Allowed.banTime.upperBound.components.seconds)
    }
}

extension BanSettings {
    /// What is banned in place of a network: IPv4 in disguise as IPv4, and no less of IPv6 than one client has.
    package func banned(_ network: Network) -> Network {
        let base = network.base.unmapped
        if base.isV4, !network.base.isV4 {
            return network.prefix >= 96 ? Network(base, prefix: network.prefix - 96) ?? network : network
        }
        guard !base.isV4, network.prefix > v6Prefix else { return network }
        return Network(enclosing: base, prefix: v6Prefix) ?? network
    }
}

extension BanSettings.Strikes {
    /// Seconds.
    ///
    /// - Parameter times: bans before this one.
    func time(after times: Int) -> Int {
        let longest = Int(longest.components.seconds)
        var time = Int(time.components.seconds)
        guard factor > 1 else { return min(time, longest) }
        for _ in 0..<times {
            guard time < longest else { break }
            // Both are far from overflow.
            time *= factor
        }
        return min(time, longest)
    }
}

extension BanBook.Tally {
    fileprivate var sentence: String {
        Strike.allCases.compactMap { strike in counts[strike].map { "\($0) × \(strike.words)" } }.joined(
            separator: ", ")
    }
}

extension Network {
    package var isTooWide: Bool { prefix < (base.isV4 ? BanBook.widest.v4 : BanBook.widest.v6) }
}

extension IPAddress {
    /// What one client has: an address of IPv4, a /64 of IPv6.
    var clientNetwork: Network? { Network(enclosing: self, prefix: isV4 ? 32 : 64) }
}
