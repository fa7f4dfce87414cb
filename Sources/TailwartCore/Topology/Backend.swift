package import TailwartWire

/// An upstream as workers dial it: its endpoints with the addresses that their names stand for at the moment.
package final class Backend: Sendable {
    /// What carries connections to the endpoints.
    package enum Via: Sendable, Equatable {
        case direct
        /// RFC 1928 without authentication; the proxy resolves names.
        case socks5(InternetAddress)
        /// `dial` of the tailscaled whose Unix socket this is; it resolves names.
        case tailscale(socket: String)
    }

    /// As the file has it.
    package let upstream: Upstream
    package let endpoints: [ResolvedEndpoint]
    package let via: Via
    /// Microseconds for each address; nil: the listener's.
    package let connectLimit: UInt64?
    package let turn: Turn
    /// Whether probes find out how its places take the header that clients bring, and may turn them off.
    package let isProbed: Bool

    /// - Parameter addresses: of a host name; nil: nobody has answered for it yet.
    package init(
        _ upstream: Upstream, tailscale: TailscaleSettings?, turn: Turn = Turn(),
        addresses: (String) -> [IPAddress]?
    ) {
        let via: Via =
            switch upstream.via {
            case .direct: .direct
            case .tailscale: .tailscale(socket: tailscale?.socket ?? Defaults.tailscaleSocket)
            case .socks5(let proxy): .socks5(proxy)
            }
        self.upstream = upstream
        endpoints = upstream.endpoints.map { endpoint in
            switch endpoint.host {
            case .name(let name) where via == .direct:
                let found = addresses(name)
                return ResolvedEndpoint(endpoint, at: .addresses(found ?? []), isAwaited: found == nil)
            case .name(let name): return ResolvedEndpoint(endpoint, at: .host(name))
            case .address(let address): return ResolvedEndpoint(endpoint, at: .addresses([address]))
            case .unix(let path): return ResolvedEndpoint(endpoint, at: .unix(path: path))
            }
        }
        self.via = via
        connectLimit = upstream.connectTimeout?.microseconds
        self.turn = turn
        isProbed = upstream.health.map { $0.affects != .nothing && !$0.asksElsewhere } ?? false
    }

    package var name: String { upstream.name }

    /// Where to connect for an endpoint, in the order in which it is tried; empty while its name does not resolve.
    ///
    /// - Parameter port: 0 where it is that of the door.
    func dialled(_ endpoint: Int, port: UInt16) -> [Dialled] {
        switch (via, endpoints[endpoint].location) {
        case (.socks5(let proxy), _): [.internet(proxy)]
        case (.tailscale(let socket), _): [.unix(path: socket)]
        case (.direct, .addresses(let addresses)): addresses.map { .internet(InternetAddress($0, port: port)) }
        case (.direct, .unix(let path)): [.unix(path: path)]
        case (.direct, .host): []
        }
    }
}

/// One destination of an upstream, with the addresses that its name stands for at the moment.
package struct ResolvedEndpoint: Sendable, Equatable {
    package enum Location: Sendable, Equatable {
        /// In the order in which they are tried; empty while the name does not resolve.
        case addresses([IPAddress])
        case unix(path: String)
        /// A host that the SOCKS proxy or the tailscaled on the way resolves.
        case host(String)
    }

    /// As the operator wrote it: `stalwart.tail1234.ts.net`, `192.0.2.1:2525`, `unix:/run/x.sock`.
    package let name: String
    /// Of the name (FNV-1a, 64 bits): the same in every process and wherever it stands in the list.
    package let identity: UInt64
    package let location: Location
    /// Nobody has answered for its name yet, so it has no address for that reason alone: the first answer may be waited for. False of
    /// a name that is known to stand for no address, and of all that needs no resolver here.
    package let isAwaited: Bool
    /// 1 to 256; its share where the policy knows shares.
    package let weight: Int
    /// Used only when no other endpoint can be reached.
    package let isBackup: Bool

    package init(_ endpoint: Endpoint, at location: Location, isAwaited: Bool = false) {
        self.isAwaited = isAwaited
        name = endpoint.text
        identity = name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        self.location = location
        weight = endpoint.weight
        isBackup = endpoint.isBackup
    }
}
