import Synchronization
import TailwartCore
import TailwartSystem
import TailwartWire

/// Makes topologies, one after the other, as the configuration or what is around it changes: the addresses of names, those of this host, and
/// what the edge calls itself.
final class TopologyMaker: Sendable {
    private struct State {
        var configuration: Configuration
        /// What is listened on, with the ports that the kernel chose.
        var binds: [BindAddress]
        var latest: Topology
        /// This host's full name on its tailnet, as far as anybody said.
        var tailnet: String?
        var name: EdgeName
        var names: [String: [IPAddress]] = [:]
        /// Where this host can be reached though no interface has the address, as a router or the provider maps it here.
        var outer: [IPAddress] = []
        /// Of the addresses of all endpoints, those that are this host's.
        var met: Set<IPAddress> = []
    }

    private let hostName: String?
    private let interfaces: @Sendable () -> [IPAddress]
    private let state: Mutex<State>

    /// - Parameters:
    ///   - host: what the system calls itself.
    ///   - interfaces: the addresses of this host at the moment.
    ///   - binds: what the edge listens on, with the ports that the kernel chose.
    ///   - first: the one before the first that is made here; what places and doors know goes from each to the next.
    init(
        _ configuration: Configuration, host: String?,
        interfaces: @escaping @Sendable () -> [IPAddress] = InterfaceAddresses.all, binds: [BindAddress],
        carrying first: Topology
    ) {
        hostName = host
        self.interfaces = interfaces
        let name = EdgeName(configuration, host: host, addresses: interfaces())
        state = Mutex(State(configuration: configuration, binds: binds, latest: first, name: name))
    }

    /// What the edge calls itself at the moment.
    var name: EdgeName { state.withLock { $0.name } }

    /// The last one, or another if the host's addresses have changed since: nobody may dial one that has become the edge's own.
    func current(_ apply: (Topology) -> Void) -> Topology {
        learnHost(outer: nil, apply: apply)
        return state.withLock { $0.latest }
    }

    /// The last one again.
    ///
    /// - Parameter apply: as above.
    func again(_ apply: (Topology) -> Void) { state.withLock { apply($0.latest) } }

    func topology() -> Topology { state.withLock { topology(&$0, interfaces()) } }

    /// Makes topologies of another configuration from now on.
    ///
    /// - Parameters:
    ///   - binds: what the edge listens on, with the ports that the kernel chose.
    ///   - apply: is given the first one; see below.
    func change(to configuration: Configuration, binds: [BindAddress], apply: (Topology) -> Void) {
        state.withLock { state in
            let host = interfaces()
            state.configuration = configuration
            state.binds = binds
            state.name = EdgeName(configuration, host: hostName, tailnet: state.tailnet, addresses: host)
            apply(topology(&state, host))
        }
    }

    /// Names have other addresses.
    ///
    /// - Parameter apply: is given the new topology; never two at a time, so that none overtakes a later one.
    func learn(_ names: [String: [IPAddress]], apply: (Topology) -> Void) {
        state.withLock { state in
            state.names = names
            apply(topology(&state, interfaces()))
        }
    }

    /// Looks at what tailscaled says of this host, and at the host's addresses. They come and go without a word: the tailnet's after the
    /// start, others by DHCP.
    ///
    /// - Parameters:
    ///   - tailnet: the host's full name on its tailnet; a name that is gone for a moment is still this host's.
    ///   - outer: what is mapped to this host; nil if nobody can tell now.
    ///   - apply: as above; not called if that changes nothing, neither for an endpoint nor for what the edge calls itself.
    func learnHost(tailnet: String? = nil, outer: [IPAddress]?, apply: (Topology) -> Void) {
        state.withLock { state in
            if let outer { state.outer = outer }
            let host = interfaces()
            var name = state.name
            if let tailnet, !tailnet.isEmpty {
                state.tailnet = tailnet
                name = EdgeName(state.configuration, host: hostName, tailnet: tailnet, addresses: host)
            }
            guard met(state, host) != state.met || name != state.name else { return }
            state.name = name
            apply(topology(&state, host))
        }
    }

    /// Nobody outside can know which clients meet in the tables of limits.
    static var seed: (UInt64, UInt64) { (.random(in: 0...(.max)), .random(in: 0...(.max))) }

    private func topology(_ state: inout State, _ host: [IPAddress]) -> Topology {
        state.met = met(state, host)
        let names = state.names
        state.latest = Topology(
            state.configuration, edge: state.name.description, addresses: { names[$0] },
            own: OwnDoors(state.binds, host: host, outer: state.outer), seed: Self.seed, carrying: state.latest)
        return state.latest
    }

    private func met(_ state: State, _ host: [IPAddress]) -> Set<IPAddress> {
        let written = state.configuration.upstreams.flatMap(\.endpoints).compactMap { endpoint in
            if case .address(let address) = endpoint.host { address } else { nil }
        }
        return Set((written + state.names.values.joined()).map(\.unmapped))
            .intersection((host + state.outer).map(\.unmapped))
    }
}
