import Synchronization
import TailwartCore
import TailwartSystem
import TailwartWire

/// What the edge calls itself, and which addresses its upstreams' names stand for: what a topology is made of besides the configuration,
/// from observers on threads of their own.
final class EdgeIdentity: Sendable {
    struct Known: Sendable {
        var name: EdgeName
        var addresses: [String: [IPAddress]] = [:]

        func topology(of configuration: Configuration, carrying first: Topology) -> Topology {
            Topology(
                configuration, edge: name.description, addresses: { addresses[$0] ?? [] }, carrying: first)
        }
    }

    private let configuration: Configuration
    private let host: String?
    private let interfaces: @Sendable () -> [IPAddress]
    private let known: Mutex<Known>

    /// - Parameters:
    ///   - host: what the system calls itself.
    ///   - interfaces: the addresses of this host at the moment.
    init(
        _ configuration: Configuration, host: String? = HostName.current,
        interfaces: @escaping @Sendable () -> [IPAddress] = InterfaceAddresses.all
    ) {
        self.configuration = configuration
        self.host = host
        self.interfaces = interfaces
        known = Mutex(Known(name: EdgeName(configuration, host: host, addresses: interfaces())))
    }

    var name: EdgeName { known.withLock { $0.name } }

    /// - Parameter apply: done before anything else is learned, so that the last word is the newest.
    func resolved(_ addresses: [String: [IPAddress]], apply: (Known) -> Void) {
        known.withLock { known in
            known.addresses = addresses
            apply(known)
        }
    }

    /// This host's full name on the tailnet; empty while it has none. Applied if the edge calls itself otherwise now.
    func joined(tailnet: String, apply: (Known) -> Void) {
        // A name that is gone for a moment is still this host's.
        guard !tailnet.isEmpty else { return }
        let name = EdgeName(configuration, host: host, tailnet: tailnet, addresses: interfaces())
        known.withLock { known in
            guard known.name != name else { return }
            known.name = name
            apply(known)
        }
    }
}
