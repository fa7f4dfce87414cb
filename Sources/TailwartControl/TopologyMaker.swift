import Synchronization
import TailwartCore
import TailwartSystem
import TailwartWire

/// Makes topologies of one configuration, one after the other, as what is around it changes: the addresses of names, and those of this
/// host.
final class TopologyMaker: Sendable {
    private struct State {
        var latest: Topology
        var names: [String: [IPAddress]] = [:]
        /// Where this host can be reached though no interface has the address, as a router or the provider maps it here.
        var outer: [IPAddress] = []
        /// Of the addresses of all endpoints, those that are this host's.
        var met: Set<IPAddress> = []
    }

    private let configuration: Configuration
    private let edge: String
    private let binds: [BindAddress]
    private let state: Mutex<State>

    /// - Parameters:
    ///   - edge: what the edge calls itself.
    ///   - binds: what the edge listens on, with the ports that the kernel chose.
    ///   - first: the one before the first that is made here; what places and doors know goes from each to the next.
    init(_ configuration: Configuration, edge: String, binds: [BindAddress], carrying first: Topology) {
        self.configuration = configuration
        self.edge = edge
        self.binds = binds
        state = Mutex(State(latest: first))
    }

    /// Where the edge would meet itself at the moment.
    var own: OwnDoors { own(state.withLock { $0.outer }, InterfaceAddresses.all()) }

    /// The last one that was made.
    var latest: Topology { state.withLock { $0.latest } }

    func topology() -> Topology { state.withLock { topology(&$0, InterfaceAddresses.all()) } }

    /// Names have other addresses.
    ///
    /// - Parameter apply: is given the new topology; never two at a time, so that none overtakes a later one.
    func learn(_ names: [String: [IPAddress]], apply: (Topology) -> Void) {
        state.withLock { state in
            state.names = names
            apply(topology(&state, InterfaceAddresses.all()))
        }
    }

    /// Looks at the host's addresses. They come and go without a word: the tailnet's after the start, others by DHCP.
    ///
    /// - Parameters:
    ///   - outer: what is mapped to this host; nil if nobody can tell now.
    ///   - apply: as above; not called if that changes nothing for any endpoint.
    func learnHost(outer: [IPAddress]?, apply: (Topology) -> Void) {
        state.withLock { state in
            if let outer { state.outer = outer }
            let host = InterfaceAddresses.all()
            if met(state, host) != state.met { apply(topology(&state, host)) }
        }
    }

    private func topology(_ state: inout State, _ host: [IPAddress]) -> Topology {
        state.met = met(state, host)
        let names = state.names
        state.latest = Topology(
            configuration, edge: edge, addresses: { names[$0] }, own: own(state.outer, host), carrying: state.latest)
        return state.latest
    }

    private func own(_ outer: [IPAddress], _ host: [IPAddress]) -> OwnDoors {
        OwnDoors(binds, host: host, outer: outer)
    }

    private func met(_ state: State, _ host: [IPAddress]) -> Set<IPAddress> {
        let written = configuration.upstreams.flatMap(\.endpoints).compactMap { endpoint in
            if case .address(let address) = endpoint.host { address } else { nil }
        }
        return Set((written + state.names.values.joined()).map(\.unmapped))
            .intersection((host + state.outer).map(\.unmapped))
    }
}
