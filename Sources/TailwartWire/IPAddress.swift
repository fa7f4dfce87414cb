/// An IPv4 or IPv6 address.
///
/// The parser is strict (RFC 6943 section 3.1.1 tells why): four decimals without leading zeros, or RFC 4291 section 2.2
/// text. No zone, no brackets, no surrounding space.
package enum IPAddress: Sendable, Hashable {
    /// In host byte order: 127.0.0.1 is 0x7f000001.
    case v4(UInt32)
    /// The upper and the lower 64 bits, in host byte order.
    case v6(UInt64, UInt64)

    package static let anyV4 = IPAddress.v4(0)
    package static let anyV6 = IPAddress.v6(0, 0)
    package static let loopbackV4 = IPAddress.v4(0x7f00_0001)
    package static let loopbackV6 = IPAddress.v6(0, 1)

    package var isV4: Bool {
        if case .v4 = self { true } else { false }
    }

    /// 127.0.0.0/8 or ::1.
    package var isLoopback: Bool {
        switch self {
        case .v4(let bits): bits >> 24 == 127
        case .v6(let high, let low): high == 0 && low == 1
        }
    }

    /// 0.0.0.0 or ::.
    package var isUnspecified: Bool { self == .anyV4 || self == .anyV6 }

    /// The IPv4 address behind `::ffff:a.b.c.d`, or the address itself.
    ///
    /// A dual-stack socket reports IPv4 clients in the mapped form (RFC 4291 section 2.5.5.2); the family of a PROXY header,
    /// network matches and logs want the real one.
    package var unmapped: IPAddress {
        if case .v6(0, let low) = self, low >> 32 == 0xffff { return .v4(UInt32(truncatingIfNeeded: low)) }
        return self
    }

    /// The IPv4-mapped IPv6 form of an IPv4 address, for a header that carries both families.
    package var mapped: IPAddress {
        if case .v4(let bits) = self { return .v6(0, 0xffff_0000_0000 | UInt64(bits)) }
        return self
    }

    /// The 128 bits with IPv4 in its mapped form, so that both families compare in one way.
    package var bits: (high: UInt64, low: UInt64) {
        switch mapped {
        case .v6(let high, let low): (high, low)
        case .v4(let bits): (0, UInt64(bits))
        }
    }
}
