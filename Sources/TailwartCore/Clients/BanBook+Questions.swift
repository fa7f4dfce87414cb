package import TailwartWire

/// What is known, for the door and for people.
extension BanBook {
    /// Nothing is banned while it is only observed.
    package var inForce: BansInForce {
        var all = BansInForce()
        all.trusted =
            Self.alwaysTrusted + settings.never.map(settings.unmapped)
            + own.sorted { $0.bits < $1.bits }.map { Network($0) } + owners.entries.keys.sorted(by: Network.precedes)
        guard !settings.isObserving else { return all }
        var first: [Network: BanLayer] = [:]
        for layer in BanLayer.allCases {
            for key in (layers[layer]?.entries ?? [:]).keys where first[key.network] == nil {
                first[key.network] = layer
                all.banned.append((key.network, layer))
            }
        }
        return all
    }

    /// How many bans each layer has.
    package func count(_ layer: BanLayer) -> Int { layers[layer]?.count ?? 0 }

    /// Why an address is never banned; nil if it can be.
    package func exemption(of address: IPAddress) -> BanExemption? { exemption(of: Network(address.unmapped)) }

    /// Why a network is never banned, whole as it is; nil if it can be.
    package func exemption(of network: Network) -> BanExemption? {
        let network = settings.unmapped(network)
        if let never = settings.never.first(where: { settings.unmapped($0).contains(network) }) { return .never(never) }
        if let trusted = Self.alwaysTrusted.first(where: { $0.contains(network) }) {
            return trusted.base.isOfTailnet ? .tailnet : .thisHost
        }
        if network.isOneAddress, own.contains(network.base) { return .thisHost }
        guard let client = network.base.clientNetwork, client.contains(network), let until = owners[client] else {
            return nil
        }
        return .owner(client, until: until)
    }

    /// Everything that is known of an address.
    package struct Findings: Sendable, Equatable {
        package let address: IPAddress
        /// Whether it is turned away.
        package let isBanned: Bool
        /// Those that it lies in, the longest prefix first.
        package let bans: [Ban]
        package let exemption: BanExemption?
        package let isObserved: Bool
        /// Of its network.
        package let strikes: [(strike: Strike, count: Int)]
        /// How often its network was banned for strikes lately.
        package let times: Int
        package let sentences: [String]

        package static func == (one: Findings, other: Findings) -> Bool {
            one.address == other.address && one.sentences == other.sentences
        }
    }

    package func why(_ address: IPAddress) -> Findings {
        let address = address.unmapped
        let network = settings.banned(Network(address))
        let found = bans.filter { $0.network.contains(address) }
            .sorted { ($1.network.prefix, $0.layer.order, $0.source) < ($0.network.prefix, $1.layer.order, $1.source) }
        let exemption = exemption(of: address)
        var sentences: [String] = []
        if let exemption {
            sentences.append("\(address) is never banned: \(exemption.sentence)")
            sentences += found.map { "otherwise, \($0.sentence)" }
        } else if settings.isObserving {
            sentences += found.map { "'bans.observe' is on, else \($0.sentence)" }
        } else {
            sentences += found.map(\.sentence)
        }
        if found.isEmpty, exemption == nil { sentences.append("\(address) is not banned") }
        let tally = tallies[network]
        let strikes = Strike.allCases.compactMap { strike in tally?.counts[strike].map { (strike, $0) } }
        if let rule = settings.strikes, let tally {
            let words = strikes.map { "\($0.1) × \($0.0.words)" }.joined(separator: ", ")
            let (weight, limit) = (tally.weight, rule.count * Strike.whole)
            sentences.append(
                "\(network) has strikes since \(UTCTime(seconds: tally.since)): \(words); \(weight) of \(limit) points are a ban"
            )
        }
        let times = repeats[network] ?? 0
        if times > 0 { sentences.append("\(network) was banned \(times) times for strikes within a month") }
        return Findings(
            address: address, isBanned: !found.isEmpty && exemption == nil && !settings.isObserving, bans: found,
            exemption: exemption, isObserved: settings.isObserving, strikes: strikes, times: times, sentences: sentences
        )
    }

    /// The bans with the most to say first: in the order of the layers, then of the addresses.
    ///
    /// - Parameter limit: so many.
    package func list(limit: Int) -> [Ban] {
        Array(
            bans.sorted { one, other in
                one.layer != other.layer
                    ? one.layer.order < other.layer.order
                    : one.network != other.network
                        ? Network.precedes(one.network, other.network) : one.source < other.source
            }.prefix(limit))
    }

    /// For the file.
    package var lines: [BanFile.Line] {
        let kept = bans.filter { !$0.layer.isRepeated }.sorted { one, other in
            one.layer != other.layer
                ? one.layer.order < other.layer.order : Network.precedes(one.network, other.network)
        }
        let owners = owners.entries.sorted { Network.precedes($0.key, $1.key) }
        let repeats = repeats.entries.sorted { Network.precedes($0.key, $1.key) }
        return kept.map { .ban($0) } + owners.map { .owner($0.key, until: $0.value.value) }
            + repeats.map { .repeated($0.key, times: $0.value.value, until: $0.value.until) }
    }

    /// What a process that takes over goes on with: also strikes that are no ban yet.
    package var handedOver: [BanFile.Line] {
        lines
            + tallies.entries.map { .struck($0.key, since: $0.value.value.since, counts: $0.value.value.counts) }
    }
}

extension BanSettings {
    fileprivate func unmapped(_ network: Network) -> Network {
        let base = network.base.unmapped
        guard base.isV4, !network.base.isV4, network.prefix >= 96 else { return network }
        return Network(base, prefix: network.prefix - 96) ?? network
    }
}

extension BanLayer {
    fileprivate var order: Int { BanLayer.allCases.firstIndex(of: self) ?? 0 }
}

extension Network {
    var isOneAddress: Bool { prefix == (base.isV4 ? 32 : 128) }

    /// Whether all of another network is inside.
    package func contains(_ other: Network) -> Bool {
        other.prefix >= prefix && contains(other.base) && base.isV4 == other.base.isV4
    }

    /// IPv4 first, then by address, wide before narrow.
    package static func precedes(_ one: Network, _ other: Network) -> Bool {
        if one.base.isV4 != other.base.isV4 { return one.base.isV4 }
        let (left, right) = (one.base.bits, other.base.bits)
        return (left.0, left.1, one.prefix) < (right.0, right.1, other.prefix)
    }
}
