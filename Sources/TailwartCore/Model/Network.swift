package import TailwartWire

/// A range of addresses in CIDR notation (RFC 4632): `203.0.113.0/24`, `2001:db8::/32`, or one bare address.
///
/// Bits behind the prefix must be zero: `192.0.2.1/24` is far more often a slip than a wish.
package struct Network: Sendable, Hashable, CustomStringConvertible {
    package let base: IPAddress
    /// 0 to 32 for IPv4, 0 to 128 for IPv6.
    package let prefix: Int

    /// Nil if the prefix is out of range or bits behind it are set.
    package init?(_ base: IPAddress, prefix: Int) {
        guard prefix >= 0, prefix <= (base.isV4 ? 32 : 128) else { return nil }
        self.base = base
        self.prefix = prefix
        let (high, low) = base.bits
        let (maskHigh, maskLow) = mask
        guard high & maskHigh == high, low & maskLow == low else { return nil }
    }

    package init(_ address: IPAddress) {
        base = address
        prefix = address.isV4 ? 32 : 128
    }

    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let base = IPAddress(parts[0]) else { return nil }
        guard parts.count == 2 else {
            self.init(base)
            return
        }
        let digits = parts[1]
        guard !digits.isEmpty, digits.count <= 3, digits.utf8.allSatisfy({ (48...57).contains($0) }),
            digits.count == 1 || digits.first != "0", let prefix = Int(digits)
        else { return nil }
        self.init(base, prefix: prefix)
    }

    /// The network of a prefix that an address lies in; nil if the prefix is out of range.
    package init?(enclosing address: IPAddress, prefix: Int) {
        guard prefix >= 0 else { return nil }
        switch address {
        case .v4(let bits):
            guard prefix <= 32 else { return nil }
            self.init(.v4(prefix == 0 ? 0 : bits & (.max << UInt32(32 - prefix))), prefix: prefix)
        case .v6(let high, let low):
            guard prefix <= 128 else { return nil }
            let highMask = prefix == 0 ? 0 : UInt64.max << UInt64(max(0, 64 - prefix))
            let lowMask = prefix <= 64 ? 0 : UInt64.max << UInt64(128 - prefix)
            self.init(.v6(high & highMask, low & lowMask), prefix: prefix)
        }
    }

    /// Whether the address is inside; IPv4-mapped IPv6 counts as IPv4.
    package func contains(_ address: IPAddress) -> Bool {
        let address = address.unmapped
        guard address.isV4 == base.isV4 else { return false }
        let (high, low) = address.bits
        let (baseHigh, baseLow) = base.bits
        let (maskHigh, maskLow) = mask
        return (high ^ baseHigh) & maskHigh == 0 && (low ^ baseLow) & maskLow == 0
    }

    package var description: String {
        prefix == (base.isV4 ? 32 : 128) ? "\(base)" : "\(base)/\(prefix)"
    }

    private var mask: (UInt64, UInt64) {
        let bits = base.isV4 ? prefix + 96 : prefix
        return (
            bits >= 64 ? .max : ~(UInt64.max >> UInt64(bits)),
            bits >= 128 ? .max : bits <= 64 ? 0 : ~(UInt64.max >> UInt64(bits - 64))
        )
    }
}

extension [Network] {
    /// Whether the address is inside one of them.
    package func contain(_ address: IPAddress) -> Bool {
        for index in indices where self[index].contains(address) { return true }
        return false
    }
}
