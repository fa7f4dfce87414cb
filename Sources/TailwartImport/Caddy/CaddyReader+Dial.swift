import TailwartCore
import TailwartWire

extension CaddyReader {
    /// The handler `proxy`; nil if something was refused.
    func dial(_ handler: JSONElement) -> DraftDial? {
        let known = ["handler", "upstreams", "proxy_protocol", "load_balancing", "health_checks"]
        guard members(handler, known: known) else { return nil }
        let upstreams = list(handler["upstreams"])
        let policy = policy(handler["load_balancing"]?["selection"])
        let endpoints = upstreams.flatMap { self.endpoints($0, weighted: policy.isWeighted) }
        if upstreams.isEmpty { refuse(handler, "there is no upstream to dial here; add one under 'upstreams'") }
        guard !endpoints.isEmpty else { return nil }
        var dial = DraftDial(endpoints, place: handler.place)
        // Several addresses of one upstream were meant as a list to fall back on.
        if endpoints.count > 1 { dial.upstream.policy = upstreams.count > 1 ? policy.policy : .first }
        if upstreams.count > 1, policy.isDefault {
            note(
                handler,
                "caddy-l4 chooses among several upstreams at random, whether it can reach them or not; imported as "
                    + "'round_robin', which spreads alike; 'policy: first' would make it a main and a spare")
        }
        readBalancing(handler["load_balancing"], into: &dial.upstream)
        dial.upstream.health = health(handler["health_checks"])
        if let element = handler["proxy_protocol"] {
            guard let version = text(element) else { return nil }
            guard variables.areIn(version) || ["v1", "v2", ""].contains(version) else {
                refuse(element, "'proxy_protocol' must be v1 or v2, not \(version.quoted)")
                return nil
            }
            dial.upstream.proxyProtocol =
                variables.areIn(version)
                ? variables.header(version) : ProxyProtocolOut(ProxyProtocolOut.Version(rawValue: version) ?? .none)
        }
        return dial
    }

    private func policy(
        _ selection: JSONElement?
    ) -> (policy: Upstream.Policy, isWeighted: Bool, isDefault: Bool) {
        guard let selection, let element = selection["policy"] else { return (.roundRobin, false, true) }
        switch element.text {
        case "random": return (.roundRobin, false, true)
        case "round_robin": return (.roundRobin, false, false)
        case "weighted_round_robin": return (.roundRobin, true, false)
        case "first": return (.first, false, false)
        case "least_conn", "random_choose": return (.leastConnections, false, false)
        case "ip_hash": return (.clientHash, false, false)
        default:
            refuse(
                element,
                "the policy \(element.value.found) is not known here; ours are first, round_robin, least_connections and "
                    + "client_hash")
            return (.first, false, false)
        }
    }

    private func readBalancing(_ element: JSONElement?, into upstream: inout Upstream) {
        guard let element, members(element, known: ["selection", "try_duration", "try_interval"]) else { return }
        if let selection = element["selection"] { _ = members(selection, known: ["policy", "choose"]) }
        guard let tried = element["try_duration"], let duration = duration(tried), duration > .zero else { return }
        upstream.hold = duration.within(Allowed.hold, "trying again", at: tried.place, findings)
    }

    /// One upstream, whose every address is an endpoint.
    private func endpoints(_ upstream: JSONElement, weighted: Bool) -> [Endpoint] {
        let known = ["dial", "local_address", "resolver_preference", "max_connections", "weight", "tls"]
        guard members(upstream, known: known) else { return [] }
        if let tls = upstream["tls"] {
            refuse(
                tls,
                "Tailwart opens no TLS to an upstream; pass the client's TLS through, or keep this server with Caddy")
        }
        if let limit = upstream["max_connections"] {
            note(
                limit,
                "'max_connections' is left out: caddy-l4 never counts down, so it is a limit for the whole life of the process; "
                    + "that of a listener limits what is open here")
        }
        if let preference = upstream["resolver_preference"] {
            note(
                preference,
                "'resolver_preference' is left out: the addresses of a name are tried one after the other, of both families"
            )
        }
        let addresses = list(upstream["dial"])
        if addresses.isEmpty { refuse(upstream, "there is no address to dial here; add one under 'dial'") }
        if let dial = upstream["dial"], addresses.count > 1 {
            note(
                dial,
                "caddy-l4 dials all of these at once and sends every byte to each of them; imported as meant: a list of which "
                    + "the next is dialled when one cannot be reached")
        }
        checkLocalAddress(upstream["local_address"])
        return addresses.compactMap { address in
            guard var endpoint = endpoint(address) else { return nil }
            if weighted, let element = upstream["weight"], let weight = wholeNumber(element), weight > 0 {
                endpoint.weight = weight.within(Allowed.weight, "a weight", at: element.place, findings)
            }
            return endpoint
        }
    }

    private func checkLocalAddress(_ element: JSONElement?) {
        for (text, element) in texts(element) {
            findings.checkSource(
                (try? HostAndPortText(text))?.host ?? text, "local_address", at: element.place,
                else:
                    "the address to dial from cannot be chosen here; let the routing table choose it (`ip route … src`), and "
                    + "remove this")
        }
    }

    private func health(_ element: JSONElement?) -> HealthSettings {
        guard let element, members(element, known: ["active", "passive"]) else { return .init() }
        if let passive = element["passive"] {
            _ = members(
                passive,
                known: ["fail_duration", "max_fails", "unhealthy_connection_count", "unhealthy_connnection_count"])
            note(
                passive,
                "'passive' is left out: an endpoint that cannot be reached is passed over here without being told to")
        }
        guard let active = element["active"] else { return .init() }
        guard members(active, known: ["port", "interval", "timeout", "fall", "rise", "close_if_unhealthy"]) else {
            return .init()
        }
        if let port = active["port"] {
            note(
                port,
                "'port' is left out: caddy-l4 sends clients to this port too after its first check; here the port that clients get is "
                    + "the one that is checked")
        }
        func count(_ key: String) -> Int {
            guard let element = active[key], let count = wholeNumber(element) else { return 1 }
            return count.within(Allowed.healthCount, "'\(key)'", at: element.place, findings)
        }
        func time(_ key: String, _ usual: Duration, _ range: ClosedRange<Duration>) -> Duration {
            guard let element = active[key], let time = duration(element), time > .zero else { return usual }
            return time.within(range, "'\(key)'", at: element.place, findings)
        }
        return HealthSettings(
            interval: time("interval", .seconds(30), Allowed.healthInterval),
            timeout: time("timeout", .seconds(5), Allowed.healthTimeout), rise: count("rise"), fall: count("fall"),
            closeIfUnhealthy: active["close_if_unhealthy"]?.flag ?? false)
    }
}
