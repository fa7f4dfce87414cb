extension IPAddress {
    /// Who can reach an address, from the registries of RFC 6890 as far as a host can mistake them for its own.
    package enum Reach: Sendable, Equatable {
        case everywhere
        /// It stands for no address at all.
        case nobody
        case thisHost
        case link
        /// RFC 1918, RFC 4193.
        case privateNetwork
        /// 100.64.0.0/10 (shared with carriers, RFC 6598) or fd7a:115c:a1e0::/48. Headscale takes no others either.
        case tailnet
        case multicast
        case reserved
    }

    package var reach: Reach {
        switch unmapped {
        case .v4(let bits):
            switch bits >> 24 {
            case 0: .nobody
            case 127: .thisHost
            case 10: .privateNetwork
            case 100 where bits >> 22 == 0x6440_0000 >> 22: .tailnet
            case 169 where bits >> 16 == 0xa9fe: .link
            case 172 where bits >> 20 == 0xac1: .privateNetwork
            case 192 where bits >> 16 == 0xc0a8: .privateNetwork
            case 224...239: .multicast
            case 240...255: .reserved
            default: .everywhere
            }
        case .v6(0, 0): .nobody
        case .v6(0, 1): .thisHost
        case .v6(let high, _):
            switch high >> 48 {
            case 0xfd7a where high >> 16 == 0xfd7a_115c_a1e0: .tailnet
            case 0xfc00...0xfdff: .privateNetwork
            case 0xfe80...0xfebf: .link
            case 0xff00...0xffff: .multicast
            default: .everywhere
            }
        }
    }

    /// Whether it is one that a tailnet gives to its nodes.
    package var isOfTailnet: Bool { reach == .tailnet }

    /// Whether one host can have this address: not unspecified, not multicast (224.0.0.0/4, ff00::/8), not
    /// 255.255.255.255.
    package var isUnicast: Bool {
        let address = unmapped
        return !address.isUnspecified && address.reach != .multicast && address != .v4(.max)
    }

    /// Whether it is reserved for examples in documents (RFC 5737, RFC 3849, RFC 9637): no host has it.
    package var isExample: Bool {
        switch self {
        case .v4(let bits): [0xc0_0002, 0xc6_3364, 0xcb_0071].contains(bits >> 8)
        case .v6(let high, _): high >> 32 == 0x2001_0db8 || high >> 44 == 0x3fff0
        }
    }
}
