import TailwartWire

/// Networks in as little memory as they need while nobody looks them up: 8 bytes for one of IPv4, 24 for one of IPv6.
package struct PackedNetworks: Sendable, Equatable {
    private struct WordsV6: Sendable, Equatable {
        let high: UInt64
        let low: UInt64
        let prefix: UInt8
    }

    /// The address above 32 bits with the prefix.
    private var v4: [UInt64] = []
    private var v6: [WordsV6] = []

    package init() {}

    package init(_ networks: some Sequence<Network>) {
        for network in networks { append(network) }
    }

    package var count: Int { v4.count + v6.count }
    package var isEmpty: Bool { v4.isEmpty && v6.isEmpty }
    var countV4: Int { v4.count }
    var countV6: Int { v6.count }

    /// One of IPv4-mapped addresses becomes one of IPv4.
    package mutating func append(_ network: Network) {
        switch network.base.unmapped {
        case .v4(let bits) where network.base.isV4: v4.append(UInt64(bits) << 32 | UInt64(network.prefix))
        case .v4(let bits) where network.prefix >= 96: v4.append(UInt64(bits) << 32 | UInt64(network.prefix - 96))
        default:
            let (high, low) = network.base.bits
            v6.append(WordsV6(high: high, low: low, prefix: UInt8(truncatingIfNeeded: network.prefix)))
        }
    }

    /// Those of IPv4 first, each family in the order in which they came.
    package func forEach(_ body: (Network) -> Void) {
        for word in v4 {
            Network(enclosing: .v4(UInt32(truncatingIfNeeded: word >> 32)), prefix: Int(word & 0xffff_ffff)).map(body)
        }
        for words in v6 { Network(enclosing: .v6(words.high, words.low), prefix: Int(words.prefix)).map(body) }
    }

    /// Gives back what was set aside for more.
    package mutating func shrink() {
        v4 = Array(v4[...])
        v6 = Array(v6[...])
    }
}
