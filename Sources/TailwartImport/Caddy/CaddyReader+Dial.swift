import TailwartCore
import TailwartWire

extension CaddyReader {
    private static let policies: [String: Upstream.Policy] = [
        "random": .roundRobin, "round_robin": .roundRobin, "weighted_round_robin": .roundRobin, "first": .first,
        "least_conn": .leastConnections, "random_choose": .leastConnections, "ip_hash": .clientHash,
    ]

    /// The handler `proxy`; nil if something was refused.
    func dial(_ handler: JSONElement) -> DraftDial? {
        let known = ["handler", "upstreams", "proxy_protocol", "load_balancing", "health_checks"]
        guard members(handler, known: known) else { return nil }
        let upstreams = list(handler["upstreams"])
        if upstreams.isEmpty { refuse(handler, "there is no upstream to dial here; add one under 'upstreams'") }
        let selection = handler["load_balancing"]?["selection"]?["policy"]
        let method = selection.flatMap { text($0) } ?? "random"
        let endpoints = upstreams.flatMap { self.endpoints($0, weighted: method == "weighted_round_robin") }
        guard !endpoints.isEmpty else { return nil }
        let policy = findings.policy(method, of: Self.policies, at: selection?.position ?? handler.position)
        // Several addresses of one upstream were meant as a list to fall back on.
        guard var dial = findings.dial(endpoints, upstreams.count > 1 ? policy : .first, at: handler.position) else {
            return nil
        }
        if upstreams.count > 1, method == "random" {
            note(
                handler,
                "caddy-l4 chooses among several upstreams at random, whether it can reach them or not; imported as "
                    + "'round_robin', which spreads alike; 'policy: first' would make it a main and a spare")
        }
        if let balancing = handler["load_balancing"],
            members(balancing, known: ["selection", "try_duration", "try_interval"])
        {
            if let selection = balancing["selection"] { _ = members(selection, known: ["policy", "choose"]) }
            dial.upstream.hold = duration(balancing["try_duration"], in: Allowed.hold, or: .zero)
        }
        dial.upstream.health = health(handler["health_checks"])
        if let element = handler["proxy_protocol"], let version = text(element) {
            if variables.areIn(version) {
                dial.upstream.proxyProtocol = variables.header(version)
            } else if ["v1", "v2", ""].contains(version) {
                dial.upstream.proxyProtocol = ProxyProtocolOut(.init(rawValue: version) ?? .none)
            } else {
                refuse(element, "'proxy_protocol' must be v1 or v2, not \(version.quoted)")
            }
        }
        return dial
    }

    /// One upstream, whose every address is an endpoint.
    private func endpoints(_ upstream: JSONElement, weighted: Bool) -> [Endpoint] {
        let left = [
            "max_connections":
                "caddy-l4 never counts down, so it is a limit for the whole life of the process; that of a "
                + "listener limits what is open here",
            "resolver_preference": "the addresses of a name are tried one after the other, of both families",
        ]
        guard
            members(
                upstream, known: ["dial", "weight"], left: left,
                refused: ["tls": .opensTLS, "local_address": .source])
        else { return [] }
        let addresses = list(upstream["dial"])
        if addresses.isEmpty { refuse(upstream, "there is no address to dial here; add one under 'dial'") }
        if let dial = upstream["dial"], addresses.count > 1 {
            note(
                dial,
                "caddy-l4 dials all of these at once and sends every byte to each of them; imported as meant: a list of which "
                    + "the next is dialled when one cannot be reached")
        }
        return addresses.compactMap { element in
            guard var address = address(element) else { return nil }
            // Nothing before the port is this host.
            if address.family != .unix, address.text.hasPrefix(":") {
                address.text = "127.0.0.1\(address.text)"
            }
            guard var endpoint = findings.endpoint(address) else { return nil }
            if weighted { endpoint.weight = number(upstream["weight"], in: Allowed.weight, or: 1) }
            return endpoint
        }
    }

    /// Nil where nothing is probed.
    private func health(_ element: JSONElement?) -> HealthSettings? {
        guard let element,
            members(
                element, known: ["active"],
                left: ["passive": "an endpoint that cannot be reached is passed over here without being told to"]),
            let active = element["active"]
        else { return nil }
        let port =
            "caddy-l4 sends clients to this port too after its first check; here the port that clients get is the one that is "
            + "checked"
        _ = members(
            active, known: ["interval", "timeout", "fall", "rise", "close_if_unhealthy"], left: ["port": port])
        return HealthSettings(
            interval: duration(active["interval"], in: Allowed.healthInterval, or: .seconds(30)),
            timeout: duration(active["timeout"], in: Allowed.healthTimeout, or: .seconds(5)),
            rise: number(active["rise"], in: Allowed.healthCount, or: 1),
            fall: number(active["fall"], in: Allowed.healthCount, or: 1),
            closeIfUnhealthy: active["close_if_unhealthy"]?.value.flag ?? false)
    }
}
