import TailwartCore
package import TailwartWire

/// Which addresses the world can reach, and why it cannot reach the others.
package enum PublicAddress {
    /// Why senders and mail programs cannot reach this address; nil if they can.
    package static func problem(_ address: IPAddress) -> String? {
        // A mapped address is no address of a host; it is how a program writes an IPv4 one (RFC 4291 section 2.5.5.2).
        guard address == address.unmapped else { return "it is an IPv4 address in disguise; write it as IPv4" }
        return unreachable.first { $0.network.contains(address) }?.reason
    }

    /// Whether the address is reserved for examples in documents (RFC 5737, RFC 3849, RFC 9637): no host has it.
    package static func isExample(_ address: IPAddress) -> Bool {
        examples.contains { $0.contains(address) }
    }

    private static let examples = networks(
        "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20")

    /// The most specific first. From the registries of RFC 6890, as far as a host can mistake them for its own.
    private static let unreachable: [(network: Network, reason: String)] = [
        (["0.0.0.0/8", "::/128"], "it stands for no address at all"),
        (["127.0.0.0/8", "::1/128"], "it is this host's own loopback, which nobody else can reach"),
        (
            ["fd7a:115c:a1e0::/48"],
            "it is a tailnet address, which only nodes of the tailnet can reach; name the public one"
        ),
        (
            ["100.64.0.0/10"],
            "it is a tailnet or carrier address (RFC 6598), which the internet cannot reach; name the public one"
        ),
        (
            ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"],
            "it is a private address (RFC 1918), which the internet cannot reach; name the public one"
        ),
        (
            ["fc00::/7"], "it is a private address (RFC 4193), which the internet cannot reach; name the public one"
        ),
        (["169.254.0.0/16", "fe80::/10"], "it is a link-local address, which ends at the next router"),
        (["224.0.0.0/4", "ff00::/8"], "it is a multicast address, which is no host's own"),
        (["240.0.0.0/4"], "it is reserved"),
    ].flatMap { texts, reason in texts.compactMap(Network.init).map { ($0, reason) } }

    private static func networks(_ texts: String...) -> [Network] { texts.compactMap(Network.init) }
}
