package import TailwartWire

/// How clients are told apart for limits, and what holds at all listeners together.
package struct LimitSettings: Sendable, Equatable {
    /// Lengths of prefixes.
    package struct Prefixes: Sendable, Equatable {
        package var v4: Int
        package var v6: Int

        package init(v4: Int, v6: Int) {
            self.v4 = v4
            self.v6 = v6
        }

        package func network(of address: IPAddress) -> Network? {
            let address = address.unmapped
            return Network(enclosing: address, prefix: address.isV4 ? v4 : v6)
        }
    }

    /// A client network's neighbourhood, in which somebody may have many addresses.
    package struct Wide: Sendable, Equatable {
        package var prefixes: Prefixes
        /// It may have so many times what one client network may have.
        package var factor: Int

        package init(_ prefixes: Prefixes, factor: Int) {
            self.prefixes = prefixes
            self.factor = factor
        }
    }

    /// Connections that have not said their PROXY header or hello yet, and are waited for.
    package struct Pending: Sendable, Equatable {
        /// Of all clients. Nil: ``Defaults/pending``, and at most half of all connections.
        package var total: Int?
        /// Of one client network. Nil: ``Defaults/pendingPerClient``, for public addresses.
        package var perClient: Int?

        package init(total: Int? = nil, perClient: Int? = nil) {
            self.total = total
            self.perClient = perClient
        }
    }

    /// What one client is: an IPv4 address, and in IPv6 what a subscriber gets at least (RFC 6177).
    package var network: Prefixes
    /// Nil: neighbourhoods are not counted.
    package var wide: Wide?
    /// Networks that are remembered, each at each listener: 16 bytes for each.
    package var table: Int
    package var pending: Pending

    package init(
        network: Prefixes = Prefixes(v4: 32, v6: 64), wide: Wide? = Wide(Prefixes(v4: 24, v6: 48), factor: 8),
        table: Int = Defaults.limitTable, pending: Pending = Pending()
    ) {
        self.network = network
        self.wide = wide
        self.table = table
        self.pending = pending
    }
}
