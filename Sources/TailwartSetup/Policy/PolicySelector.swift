import TailwartCore
import TailwartWire

/// Whom a rule means by one entry of its `src` or `dst`.
enum PolicySelector: Sendable, Equatable {
    /// `*`
    case any
    case tag(String)
    /// `autogroup:tagged`
    case tagged
    /// Devices of people, which never are tagged ones: a user, a group of users, `autogroup:member` and its like.
    case people
    /// Addresses: an IP address, a network, a name from `hosts`.
    case network(Network, name: String)
    /// Nothing that this program dials or is: `autogroup:internet`, `autogroup:self`.
    case none
    /// Nobody can tell from the file alone, or by this program. Never taken for good.
    case unknown(String)
}

/// Whether something is meant by a rule.
package enum PolicyMatch: Sendable, Equatable {
    case no
    /// With what would have to be known.
    case unknown(String)
    case yes

    /// The better of two alternatives.
    func or(_ other: PolicyMatch) -> PolicyMatch {
        switch (self, other) {
        case (.yes, _), (_, .yes): .yes
        case (.unknown, _): self
        default: other
        }
    }

    /// Both must hold.
    func and(_ other: PolicyMatch) -> PolicyMatch {
        switch (self, other) {
        case (.no, _), (_, .no): .no
        case (.unknown, _): self
        default: other
        }
    }
}

extension PolicySelector {
    /// Whether a device with this tag, at this address if it is known, is meant.
    func matches(tag: String, address: IPAddress?) -> PolicyMatch {
        switch self {
        case .any, .tagged: return .yes
        case .tag(let other): return tag == other ? .yes : .no
        case .people, .none: return .no
        case .network(let network, let name):
            if let address { return network.contains(address) ? .yes : .no }
            if network.holdsEveryTailnetAddress { return .yes }
            return .unknown("\(name.quoted) may be the address of \(tag) or not; name the tag instead")
        case .unknown(let why): return .unknown(why)
        }
    }
}

extension Network {
    /// Tailscale and Headscale give IPv4 addresses from this one only.
    private static let tailnetV4 = (base: IPAddress.v4(0x6440_0000), prefix: 10)

    /// Whether every device's IPv4 address is in it, which is the one that is dialled first.
    var holdsEveryTailnetAddress: Bool {
        prefix <= Self.tailnetV4.prefix && contains(Self.tailnetV4.base)
    }
}
