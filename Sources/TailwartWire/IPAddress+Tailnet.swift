extension IPAddress {
    /// Whether it is one that a tailnet gives to its nodes: in 100.64.0.0/10 (shared with carriers, RFC 6598) or fd7a:115c:a1e0::/48.
    /// Headscale takes no others either.
    package var isOfTailnet: Bool {
        switch unmapped {
        case .v4(let bits): bits >> 22 == 0x6440_0000 >> 22
        case .v6(let high, _): high >> 16 == 0xfd7a_115c_a1e0
        }
    }
}
