/// How an upstream's endpoints are probed.
package struct HealthSettings: Sendable, Hashable {
    /// Which verdicts of the probes turn an endpoint off.
    package enum Affects: String, CaseIterable, Sendable {
        /// That it cannot be reached; and that it takes the PROXY header for commands, which gives all clients a permanent error.
        case reachability
        /// Every verdict that is graded failed.
        case all
        /// None: probes only speak.
        case nothing
    }

    /// Whom a probe asks about, to see whether mail is taken.
    package enum Recipient: Sendable, Hashable {
        /// The postmaster of the mailbox's first domain, if one is known.
        case usual
        case off
        case address(String)

        /// As the file says it; nil where it says nothing.
        package var text: String? {
            switch self {
            case .usual: nil
            case .off: "off"
            case .address(let address): address
            }
        }
    }

    package var interval: Duration
    /// For the connection; the server's answers have ``Defaults/healthPatience``.
    package var timeout: Duration
    package var affects: Affects
    /// Good probes in a row until an endpoint is healthy.
    package var rise: Int
    /// Bad probes in a row until an endpoint is unhealthy.
    package var fall: Int
    /// Whether its connections end when an endpoint becomes unhealthy.
    package var closeIfUnhealthy: Bool
    /// Host names that the certificate must be good for on the mail ports, in lower case; empty: none is checked.
    package var names: [String]
    /// The absolute path of a PEM file. Nil: the system's.
    package var trustRoots: String?
    package var recipient = Recipient.usual
    /// Of all endpoints but Unix sockets. Nil: the one that is dialled for clients.
    package var port: UInt16?
    /// The header of a probe. Nil: the one that clients' connections get.
    package var proxyProtocol: ProxyProtocolOut.Version?

    /// Whether a probe meets another service than clients do, or in another way, and so cannot say how the server takes their header.
    package var asksElsewhere: Bool { port != nil || proxyProtocol != nil }

    package init(
        interval: Duration = Defaults.healthInterval, timeout: Duration = Defaults.healthTimeout,
        affects: Affects = Defaults.healthAffects, rise: Int = Defaults.healthRise, fall: Int = Defaults.healthFall,
        closeIfUnhealthy: Bool = false, names: [String] = [], trustRoots: String? = nil
    ) {
        self.interval = interval
        self.timeout = timeout
        self.affects = affects
        self.rise = rise
        self.fall = fall
        self.closeIfUnhealthy = closeIfUnhealthy
        self.names = names
        self.trustRoots = trustRoots
    }
}
