package import TailwartWire

/// Which addresses the world can reach, and why it cannot reach the others.
package enum PublicAddress {
    /// Why senders and mail programs cannot reach this address; nil if they can.
    package static func problem(_ address: IPAddress) -> String? {
        // A mapped address is no address of a host; it is how a program writes an IPv4 one (RFC 4291 section 2.5.5.2).
        guard address == address.unmapped else { return "it is an IPv4 address in disguise; write it as IPv4" }
        return switch address.reach {
        case .everywhere: nil
        case .nobody: "it stands for no address at all"
        case .thisHost: "it is this host's own loopback, which nobody else can reach"
        case .tailnet where address.isV4:
            "it is a tailnet or carrier address (RFC 6598), which the internet cannot reach; name the public one"
        case .tailnet: "it is a tailnet address, which only nodes of the tailnet can reach; name the public one"
        case .privateNetwork:
            "it is a private address (RFC \(address.isV4 ? 1918 : 4193)), which the internet cannot reach; name the public one"
        case .link: "it is a link-local address, which ends at the next router"
        case .multicast: "it is a multicast address, which is no host's own"
        case .reserved: "it is reserved"
        }
    }
}
