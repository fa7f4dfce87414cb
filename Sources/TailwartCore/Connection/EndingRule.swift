/// What a way to end a connection means, and what follows from it: the one table for all of them.
package struct EndingRule: Sendable, Equatable {
    /// What a client is told that has seen no byte of the upstream yet. Nothing: to scanners, to clients that left, and where the
    /// operator wants a plain close.
    package enum Told: String, Sendable {
        case nothing
        /// A temporary error: no endpoint can be reached.
        case unavailable
        /// A temporary error: over a limit of the edge.
        case tooManyConnections = "too many"
        /// A temporary error: not from this address.
        case notAccepted = "not accepted"
        /// Only where the client begins with a TLS hello: there is no server for the name.
        case unknownName = "unknown name"
    }

    /// When the ending counts against the ``Place`` that was dialled, as something that traffic found out.
    package enum Blame: String, Sendable {
        case never
        /// While there is another address the place may be reached all the same.
        case withLastAddress = "with its last address"
        /// When the upstream ended before its first byte, and nothing else can be the cause: behind a header the mailbox may have turned
        /// away this client alone, and a client that speaks first may have said nonsense.
        case withoutByte = "without a byte"
    }

    /// Who can have ended the connection, or whose fault it can be.
    package enum Party: String, Sendable {
        case client
        case upstream
        case edge
        case clientOrUpstream = "client, upstream"
    }

    package let party: Party
    package let told: Told
    package let blame: Blame
    /// Whether both legs are closed with a reset, so that neither side takes a torn connection for a finished one.
    package let isAbortive: Bool
    package let means: String
    package let advice: String

    fileprivate init(
        _ party: Party, tells told: Told = .nothing, blames blame: Blame = .never, isAbortive: Bool = false,
        means: String, advice: String
    ) {
        self.party = party
        self.told = told
        self.blame = blame
        self.isAbortive = isAbortive
        self.means = means
        self.advice = advice
    }
}

extension CloseReason {
    package var rule: EndingRule {
        switch self {
        case .closed:
            EndingRule(
                .clientOrUpstream,
                means: "both finished in order; the side finished first",
                advice: "nothing")
        case .reset:
            EndingRule(
                .clientOrUpstream, blames: .withoutByte, isAbortive: true,
                means: "that side aborted; the other was told by an abort too",
                advice: "nothing if it is the client; else see the mailbox's log")
        case .lost:
            EndingRule(
                .clientOrUpstream, blames: .withoutByte, isAbortive: true,
                means: "that side no longer answers, or its network is gone",
                advice: "if it is the upstream: look at the tailnet")
        case .idleTimeout:
            EndingRule(
                .edge, isAbortive: true,
                means: "both sides were silent for `timeouts.idle`",
                advice: "nothing; raise it if clients complain")
        case .halfClosedTimeout:
            EndingRule(
                .edge, isAbortive: true,
                means: "one side had finished, the other was silent for `timeouts.half_closed`",
                advice: "nothing")
        case .clientLeft:
            EndingRule(
                .client,
                means: "the client left before the edge had chosen a route",
                advice: "nothing: scanners, probes")
        case .helloTimeout:
            EndingRule(
                .edge,
                means: "no complete ClientHello within `timeouts.hello`",
                advice: "nothing: scanners. Plain clients on a TLS port if they are known ones")
        case .helloInvalid:
            EndingRule(
                .edge,
                means: "TLS, but not a ClientHello to route by",
                advice: "nothing; the record's `detail` says what is wrong with it")
        case .proxyHeaderTimeout:
            EndingRule(
                .edge,
                means: "a trusted peer sent no complete PROXY header in time",
                advice: "make the peer send it, or remove the listener's `proxy_protocol_in`")
        case .proxyHeaderInvalid:
            EndingRule(
                .edge,
                means: "what a trusted peer sent is not a valid PROXY header",
                advice: "the same")
        case .proxyHeaderUntrusted:
            EndingRule(
                .edge,
                means: "a peer outside `trusted` connected to a listener that requires the header",
                advice: "add its network if it is yours")
        case .proxyHeaderUnexpected:
            EndingRule(
                .edge, tells: .unavailable,
                means: "the client began with a PROXY header, but this listener takes none",
                advice:
                    "is a load balancer in front, set `proxy_protocol_in`; else the mailbox's address leads back to this edge"
            )
        case .noRoute:
            EndingRule(
                .edge, tells: .unknownName,
                means: "no route matched",
                advice: "nothing, or a last route without `match`")
        case .routeClose:
            EndingRule(
                .edge,
                means: "the route says `to: close`",
                advice: "nothing")
        case .upstreamUnresolved:
            EndingRule(
                .upstream, tells: .unavailable,
                means: "the mailbox's name has no address",
                advice: "see the log's line on that name; the tailnet's DNS")
        case .upstreamRefused:
            EndingRule(
                .upstream, tells: .unavailable, blames: .withLastAddress,
                means: "nothing listens there",
                advice: "is the mailbox running, and on that port?")
        case .upstreamUnreachable:
            EndingRule(
                .upstream, tells: .unavailable, blames: .withLastAddress,
                means: "no route there",
                advice: "the route or the tailnet")
        case .connectTimeout:
            EndingRule(
                .upstream, tells: .unavailable, blames: .withLastAddress,
                means: "no answer to the connect",
                advice: "a firewall or the tailnet's policy; the host is off")
        case .upstreamProxyFailed:
            EndingRule(
                .upstream, tells: .unavailable, blames: .withLastAddress,
                means: "the SOCKS5 proxy or tailscaled on the way failed",
                advice: "is it running, and does it know the name?")
        case .upstreamUnhealthy:
            EndingRule(
                .upstream, tells: .unavailable,
                means: "the probes say that no endpoint is healthy, so none was dialled; or the endpoint of an open "
                    + "connection became unhealthy and `close_if_unhealthy` is set",
                advice: "see the log's verdict")
        case .headerNotTrusted:
            EndingRule(
                .upstream, tells: .unavailable,
                means:
                    "the mailbox takes the PROXY header for commands and answers it: its answers were kept from the client; or "
                    + "it did so before, and was not dialled",
                advice: "let the mailbox trust the edge: `tailwart trust`")
        case .upstreamEmpty:
            EndingRule(
                .upstream, tells: .unavailable, blames: .withoutByte,
                means: "the mailbox accepted the connection and closed it without a byte",
                advice:
                    "the mailbox has banned the client or the edge, takes no more from the client in this second (Stalwart: 5), or "
                    + "does not take the header: see the verdict")
        case .upstreamBacklog:
            EndingRule(
                .upstream, tells: .unavailable,
                means: "the backlog of the mailbox's Unix socket is full",
                advice: "raise the backlog of that server, or give it more processes")
        case .portLimit:
            EndingRule(
                .edge, tells: .unavailable,
                means: "no local port is free for one more connection to that address",
                advice: "widen `net.ipv4.ip_local_port_range`; give the mailbox a second address")
        case .edgeLimit:
            EndingRule(
                .edge, tells: .tooManyConnections,
                means: "over `max_connections` of the edge",
                advice: "raise it, or find who uses so many")
        case .listenerLimit:
            EndingRule(
                .edge, tells: .tooManyConnections,
                means: "over `max_connections` of the listener",
                advice: "the same")
        case .clientLimit:
            EndingRule(
                .client, tells: .tooManyConnections,
                means: "this client's network, or its neighbourhood, is at its limit of connections to this listener",
                advice: "nothing; raise the listener's `limits.concurrent` if they are your users")
        case .clientRate:
            EndingRule(
                .client, tells: .tooManyConnections,
                means: "this client's network, or its neighbourhood, connects faster than its limit",
                advice: "nothing; raise the listener's `limits.rate` or `burst` if they are your users")
        case .pendingLimit:
            EndingRule(
                .client, isAbortive: true,
                means:
                    "too many connections, of this client's network or of all, had not sent their header or hello yet",
                advice: "nothing; raise `limits.pending` if they are your users")
        case .clientDenied:
            EndingRule(
                .client, tells: .notAccepted,
                means: "this client's network is on one of the lists under `bans`",
                advice: "`tailwart ban why ADDRESS` names the list")
        case .clientBanned:
            EndingRule(
                .client, tells: .notAccepted,
                means: "this client's network is banned here",
                advice: "`tailwart ban why ADDRESS` says by whom, and until when")
        case .clientBannedUpstream:
            EndingRule(
                .client, tells: .notAccepted,
                means:
                    "a moment ago the mailbox closed to this client without a byte, while it served others: it was not dialled",
                advice: "the mailbox has banned the client; it is tried again within a minute")
        case .descriptorLimit:
            EndingRule(
                .edge, tells: .unavailable,
                means: "the process or the system has no descriptor left",
                advice: "raise the limit (`LimitNOFILE=`) or lower `max_connections`")
        case .drained:
            EndingRule(
                .edge, isAbortive: true,
                means: "still open when `drain` was over or the edge was stopped at once",
                advice: "nothing")
        case .closedByOperator:
            EndingRule(
                .edge, isAbortive: true,
                means: "somebody closed it with `tailwart connections close`",
                advice: "nothing")
        }
    }
}
