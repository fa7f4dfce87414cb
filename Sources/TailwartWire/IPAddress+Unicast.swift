extension IPAddress {
    /// Whether one host can have this address: not unspecified, not multicast (224.0.0.0/4, ff00::/8), not
    /// 255.255.255.255.
    package var isUnicast: Bool {
        switch unmapped {
        case .v4(let bits): bits != 0 && bits != .max && bits >> 28 != 0xe
        case .v6(let high, let low): (high != 0 || low != 0) && high >> 56 != 0xff
        }
    }
}
