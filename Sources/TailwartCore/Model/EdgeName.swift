package import TailwartWire

/// What the edge calls itself: in EHLO, and in a 421.
///
/// A name with a dot, or an IPv4 address as a literal (RFC 5321 section 4.1.3). Never a single label: Stalwart answers `550 Invalid EHLO
/// domain` to one, Postfix with `reject_non_fqdn_helo_hostname` 504. An IPv6 literal has no dot, and Stalwart refuses it too.
package struct EdgeName: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    /// The first that there is of these.
    ///
    /// - Parameters:
    ///   - file: names that the file gives, the best first.
    ///   - host: what the system calls itself.
    ///   - tailnet: this host's full name on its tailnet.
    ///   - addresses: of this host; one that the world can reach is taken before any other.
    package init(file: [String] = [], host: String?, tailnet: String? = nil, addresses: [IPAddress]) {
        let names = (file + [host, tailnet].compactMap(\.self)).lazy.compactMap(Self.qualified)
        description = names.first ?? "[\(Self.best(addresses) ?? .loopbackV4)]"
    }

    /// - Parameter configuration: whose `refusal.host` comes first, then the `hostname` of an upstream; those of listeners for mail from
    ///   other servers before all others.
    package init(_ configuration: Configuration, host: String?, tailnet: String? = nil, addresses: [IPAddress]) {
        let listeners = configuration.listenersForMailFirst
        self.init(
            file: listeners.compactMap(\.refusal.host) + configuration.mailHostnames, host: host, tailnet: tailnet,
            addresses: addresses)
    }

    private static func qualified(_ text: String) -> String? {
        guard let pattern = ServerNamePattern(text), !pattern.isWildcard, pattern.name.contains(".") else { return nil }
        return pattern.name
    }

    private static func best(_ addresses: [IPAddress]) -> IPAddress? {
        let usable = addresses.filter(\.isV4)
        // A private one may be a bridge of containers; the tailnet's is the one that the mailbox sees.
        return [IPAddress.Reach.everywhere, .tailnet, .privateNetwork].lazy.compactMap { reach in
            usable.first { $0.reach == reach }
        }.first
    }
}

extension Configuration {
    /// The public names of mail servers, that of the one which takes mail from other servers first.
    package var mailHostnames: [String] {
        let upstreams = upstreamsByName
        return listenersForMailFirst.flatMap(\.routes).compactMap { route in
            route.target.upstreamName.flatMap { upstreams[$0]?.hostname }
        }.withoutRepeats
    }

    /// Those for mail from other servers come before all others.
    fileprivate var listenersForMailFirst: [Listener] {
        listeners.filter { $0.proto == .smtp } + listeners.filter { $0.proto != .smtp }
    }
}
