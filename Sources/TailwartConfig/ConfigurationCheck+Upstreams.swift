import TailwartCore
import TailwartWire

/// Checks of what an upstream says, and of the ways to it.
extension ConfigurationCheck {
    func check(_ upstream: Upstream) {
        let position = positions[.endpoints(upstream: upstream.name)] ?? .start
        if upstream.endpoints.allSatisfy(\.isBackup) {
            problems.error("all endpoints are backups; at least one must not be", at: position)
        }
        let hasSocket = upstream.endpoints.contains(where: \.isUnix)
        switch upstream.via {
        case .direct:
            break
        case .socks5:
            if hasSocket {
                problems.error("a SOCKS proxy cannot reach a Unix socket; leave out 'via' or the socket", at: position)
            }
        case .tailscale:
            if hasSocket {
                problems.error("tailscaled cannot reach a Unix socket; leave out 'via' or the socket", at: position)
            }
            checkTailnet(upstream, at: position)
        }
        checkWarm(upstream)
        checkProbes(of: upstream)
    }

    /// tailscaled dials the tailnet and nothing else for us.
    private func checkTailnet(_ upstream: Upstream, at position: TextPosition) {
        if configuration.tailscale == nil {
            problems.error(
                "'via: tailscale' needs tailscaled, and 'tailscale' is off; leave one of them out",
                at: positions[.via(upstream: upstream.name)] ?? position)
        }
        for endpoint in upstream.endpoints {
            guard case .address(let address) = endpoint.host, !address.isOfTailnet else { continue }
            let fix = "write the host's name or its tailnet address, or leave out 'via'"
            problems.error("\(endpoint.text.quoted) is not an address of a tailnet; \(fix)", at: position)
        }
    }

    /// A socket that waits for its client must stay silent, and somebody has to pay for it.
    private func checkWarm(_ upstream: Upstream) {
        guard upstream.warm > 0, let position = positions[.warm(upstream: upstream.name)] else { return }
        if upstream.via != .direct {
            problems.error(
                "no socket is kept ready through a SOCKS proxy or tailscaled; leave out 'warm' or 'via'", at: position)
        }
        let destinations = warmPlaces[upstream.name]?.count ?? 0
        if destinations == 0 {
            let reason = "without it a server that speaks first would greet a socket that has no client yet"
            problems.error(
                "'warm' needs a PROXY header, and no route to the upstream sends one: \(reason); set 'proxy_protocol', or leave "
                    + "out 'warm'", at: position)
        }
        let limit = Allowed.warmSockets.upperBound
        guard destinations > 0, upstream.warm > limit / destinations else { return }
        let sockets = "\(upstream.warm * destinations) sockets, \(upstream.warm) for each endpoint and port"
        let fix = limit < destinations ? "leave it out, or use fewer ports" : "write at most \(limit / destinations)"
        problems.error("'warm' would keep \(sockets); the most for one upstream is \(limit); \(fix)", at: position)
    }
}
