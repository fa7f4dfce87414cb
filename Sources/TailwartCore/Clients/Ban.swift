import TailwartWire

/// Who says that a network is banned. It is banned while any of them does.
package enum BanLayer: String, Sendable, CaseIterable {
    /// An operator, or a program in his name.
    case manual
    /// The edge, of what clients do here.
    case strikes
    /// The mailbox.
    case webhook
    case crowdsec

    /// For people, behind "banned by".
    package var words: String {
        switch self {
        case .manual: "an operator"
        case .strikes: "this edge"
        case .webhook: "the mailbox"
        case .crowdsec: "CrowdSec"
        }
    }

    /// Whether it knows better than this host who is behind an address. Behind one that is not public there may be everybody: a container's
    /// port forward, a proxy in front.
    var mayBanPrivate: Bool { self == .manual || self == .crowdsec }

    /// Whether it says so anew by itself after a restart.
    package var isRepeated: Bool { self == .crowdsec }
}

/// That one layer bans a network.
package struct Ban: Sendable, Hashable {
    package let network: Network
    package let layer: BanLayer
    /// Tells several of one layer and network apart: CrowdSec has several decisions on one address, and the end of one is not that of the
    /// others. Empty elsewhere.
    package let source: String
    /// For people.
    package let reason: String
    /// Seconds since 1970.
    package let since: Int
    /// The same; nil: for ever.
    package let until: Int?

    package init(
        _ network: Network, _ layer: BanLayer, source: String = "", reason: String, since: Int, until: Int?
    ) {
        self.network = network
        self.layer = layer
        self.source = source
        self.reason = reason
        self.since = since
        self.until = until
    }

    /// `for ever`, `until 2026-11-29T10:00:00Z`.
    package var end: String { until.map { "until \(UTCTime(seconds: $0))" } ?? "for ever" }

    /// Without a full stop.
    package var sentence: String { "\(network) is banned by \(layer.words) \(end): \(reason)" }
}

/// Why a network is never banned.
package enum BanExemption: Sendable, Hashable {
    case never(Network)
    case thisHost
    case tailnet
    /// - Parameter until: seconds since 1970.
    case owner(Network, until: Int)

    /// Without a full stop.
    package var sentence: String {
        switch self {
        case .never(let network): "\(network) is in 'bans.never'"
        case .thisHost: "it is an address of this host"
        case .tailnet: "it is an address of the tailnet"
        case .owner(let network, let until):
            "the owner of a mailbox was seen in \(network), so it is not banned before \(UTCTime(seconds: until))"
        }
    }
}

/// What is to be in force at the door, all of it.
package struct BansInForce: Sendable, Equatable {
    /// Each network once, with the first of the layers that say so.
    package var banned: [(network: Network, layer: BanLayer)] = []
    /// Stand above all bans.
    package var trusted: [Network] = []

    package init() {}

    package static func == (one: BansInForce, other: BansInForce) -> Bool {
        one.trusted == other.trusted && one.banned.elementsEqual(other.banned, by: ==)
    }
}
