import TailwartCore
import TailwartWire

/// Addresses and networks as other programs write them.
enum IPAddressText {
    static func parse(_ text: some StringProtocol) -> IPAddress? { IPAddress(text) }

    /// A network in the form that ours takes: other programs ignore bits behind the prefix. Nil if it is none.
    static func network(_ text: some StringProtocol) -> String? {
        if let network = Network(text) { return "\(network)" }
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(parts[0]), let prefix = prefix(parts[1], of: address) else {
            return nil
        }
        return enclosing(address, prefix: prefix).map { "\($0)" }
    }

    /// Whether an address lies in a network, given as text.
    static func network(_ network: String, contains address: IPAddress) -> Bool {
        Network(network)?.contains(address) ?? false
    }

    /// The one address of a network that has only one.
    static func single(_ network: String) -> IPAddress? {
        guard let network = Network(network), network.prefix == (network.base.isV4 ? 32 : 128) else { return nil }
        return network.base
    }

    /// A length of 0 to 32 or 128, or the mask of an IPv4 network (`255.255.255.0`).
    private static func prefix(_ text: some StringProtocol, of address: IPAddress) -> Int? {
        if let number = Int(text), text.allSatisfy(\.isNumber), number <= (address.isV4 ? 32 : 128) { return number }
        guard address.isV4, case .v4(let mask) = IPAddress(text) else { return nil }
        let prefix = mask.nonzeroBitCount
        return mask == prefixMask(prefix) ? prefix : nil
    }

    private static func prefixMask(_ prefix: Int) -> UInt32 { prefix == 0 ? 0 : .max << UInt32(32 - prefix) }

    private static func enclosing(_ address: IPAddress, prefix: Int) -> Network? {
        switch address {
        case .v4(let bits):
            return Network(.v4(bits & prefixMask(prefix)), prefix: prefix)
        case .v6(let high, let low):
            let highMask = prefix == 0 ? 0 : UInt64.max << UInt64(max(0, 64 - prefix))
            let lowMask = prefix <= 64 ? 0 : UInt64.max << UInt64(128 - prefix)
            return Network(.v6(high & highMask, low & lowMask), prefix: prefix)
        }
    }
}
