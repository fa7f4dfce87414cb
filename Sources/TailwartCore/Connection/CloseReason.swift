/// Why a connection ended: a closed list, the same words in logs and metrics. What each means, ``rule`` says.
///
/// Together with the ``Side`` that ended it: `closed` by the client is a client that finished first, `reset` by the upstream an
/// upstream that aborted.
package enum CloseReason: UInt8, Sendable, CaseIterable {
    /// Both sides finished in order; the side is the one that finished first.
    case closed
    /// A side aborted; the other was told by an abort too.
    case reset
    /// A side no longer answers: keepalive or unacknowledged data ran into `TCP_USER_TIMEOUT`, or its network is gone.
    case lost
    case idleTimeout
    case halfClosedTimeout
    /// The client left before the edge knew where to pass it.
    case clientLeft
    case helloTimeout
    case helloInvalid
    case proxyHeaderTimeout
    case proxyHeaderInvalid
    /// The listener requires a PROXY header and the client's network is not trusted to send one.
    case proxyHeaderUntrusted
    /// The client began with a PROXY header at a listener that takes none.
    case proxyHeaderUnexpected
    case noRoute
    /// A route that says `to: close`.
    case routeClose
    /// None of the upstream's names stands for an address at the moment.
    case upstreamUnresolved
    case upstreamRefused
    case upstreamUnreachable
    case connectTimeout
    /// The SOCKS proxy or the tailscaled on the way did not do its part.
    case upstreamProxyFailed
    /// Nothing was dialled: the probes say that no endpoint is healthy. Of a connection that was open: its endpoint became unhealthy, and
    /// the upstream asks to close then.
    case upstreamUnhealthy
    /// The upstream takes the PROXY header for commands.
    case headerNotTrusted
    /// The upstream took the connection and closed it without a byte.
    case upstreamEmpty
    /// The accept queue of the upstream's Unix socket is full.
    case upstreamBacklog
    case edgeLimit
    case listenerLimit
    /// The client's network has as many connections at this listener as it may have.
    case clientLimit
    /// The client's network comes too fast.
    case clientRate
    /// Too many connections have not said yet what they want, of this client's network or of all.
    case pendingLimit
    /// The client's network is on a list of those who may not come.
    case clientDenied
    /// The client's network is banned here.
    case clientBanned
    /// A moment ago the upstream closed to this client without a byte, and serves others.
    case clientBannedUpstream
    /// No local port is free for one more connection there.
    case portLimit
    /// The process or the system has no descriptor left.
    case descriptorLimit
    /// Still open when the drain time was over, or when the edge was told to stop at once.
    case drained
    /// An operator asked for it.
    case closedByOperator

    package var name: String {
        switch self {
        case .closed: "closed"
        case .reset: "reset"
        case .lost: "lost"
        case .idleTimeout: "idle_timeout"
        case .halfClosedTimeout: "half_closed_timeout"
        case .clientLeft: "client_left"
        case .helloTimeout: "hello_timeout"
        case .helloInvalid: "hello_invalid"
        case .proxyHeaderTimeout: "proxy_header_timeout"
        case .proxyHeaderInvalid: "proxy_header_invalid"
        case .proxyHeaderUntrusted: "proxy_header_untrusted"
        case .proxyHeaderUnexpected: "proxy_header_unexpected"
        case .noRoute: "no_route"
        case .routeClose: "route_close"
        case .upstreamUnresolved: "upstream_unresolved"
        case .upstreamRefused: "upstream_refused"
        case .upstreamUnreachable: "upstream_unreachable"
        case .connectTimeout: "connect_timeout"
        case .upstreamProxyFailed: "upstream_proxy_failed"
        case .upstreamUnhealthy: "upstream_unhealthy"
        case .headerNotTrusted: "header_not_trusted"
        case .upstreamEmpty: "upstream_empty"
        case .upstreamBacklog: "upstream_backlog"
        case .edgeLimit: "edge_limit"
        case .portLimit: "port_limit"
        case .listenerLimit: "listener_limit"
        case .clientLimit: "client_limit"
        case .clientRate: "client_rate"
        case .pendingLimit: "pending_limit"
        case .clientDenied: "client_denied"
        case .clientBanned: "client_banned"
        case .clientBannedUpstream: "client_banned_upstream"
        case .descriptorLimit: "descriptor_limit"
        case .drained: "drained"
        case .closedByOperator: "closed_by_operator"
        }
    }
}

extension CloseReason {
    /// Whether the client was not served: it was turned away, closed before there was a route, or nobody could be dialled for it.
    package var isUnserved: Bool {
        switch self {
        case .closed, .reset, .lost, .idleTimeout, .halfClosedTimeout, .clientLeft, .drained, .closedByOperator: false
        default: true
        }
    }

    /// What a failed connect goes into the record as.
    package static func dialling(_ fault: LegFault) -> CloseReason {
        switch fault {
        case .refused, .reset: .upstreamRefused
        case .timedOut: .connectTimeout
        case .unreachable, .shortage: .upstreamUnreachable
        case .noPort: .portLimit
        case .backlogFull: .upstreamBacklog
        }
    }
}
