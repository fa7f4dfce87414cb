import TailwartCore
import TailwartWire

extension ConfigurationLoader {
    func readListeners(_ reader: inout MappingReader) {
        // Listeners are appended one by one, so that the number of each is known while its positions are noted.
        let listener = ValueType<Void>.mapping("a listener") { [self] reader in
            if let listener = readListener(&reader) { listeners.append(listener) }
            return ()
        }
        _ = reader.value(
            "listeners", .list(of: listener, "a list of listeners"),
            about: "Where connections arrive, and how they are routed.")
    }

    private func readListener(_ reader: inout MappingReader) -> Listener? {
        let number = listeners.count
        let name = reader.required(
            "name", .name, example: "name: smtp", about: "For the log; different from all others.")
        positions[.listener(number)] = reader.position(of: "name") ?? reader.position
        let bind = reader.required(
            "bind", .list(of: .located(.bindAddress), "a list of addresses such as [\":25\"]"),
            example: "bind: [\":25\"]", about: "Where it listens; \":25\" is all addresses of both families.")
        let addresses = bind?.map(\.value) ?? []
        for (index, address) in (bind ?? []).enumerated() {
            positions[.bind(listener: number, index)] = address.position
        }
        let written = reader.value(
            "protocol", ValueType<ListenerProtocol>.word(),
            about: "Who speaks first, and the idle timeout; by default that of a well-known port, else tcp.")
        let proto = written ?? usualProtocol(of: addresses, in: reader)
        let routes = readRoutes(&reader, listener: number)
        let settings = ListenerSettings.settings.read(&reader, into: ListenerSettings())
        guard let name, !addresses.isEmpty, let routes, !routes.isEmpty else { return nil }
        return settings.listener(name: name, bind: addresses, proto: proto, routes: routes, defaults: defaults)
    }

    /// The protocol of the well-known ports among the addresses, `tcp` if there are none.
    private func usualProtocol(of addresses: [BindAddress], in reader: MappingReader) -> ListenerProtocol {
        let protocols = addresses.compactMap(\.wellKnownProtocol)
        let different = protocols.map(\.rawValue).withoutRepeats
        if different.count > 1, !reader.has("protocol"), let position = reader.keyPosition(of: "bind") {
            let fix = "make them two listeners, or name one under 'protocol'"
            problems.error("these ports are of different protocols, \(different.listed); \(fix)", at: position)
        }
        return protocols.first ?? .tcp
    }

    private func readRoutes(_ reader: inout MappingReader, listener: Int) -> [Route]? {
        let target = reader.value(
            "to", .located(.target), about: "Where all connections go: short for a single route without a match.")
        let routes = reader.value(
            "routes", .list(of: route(listener: listener), "a list of routes"),
            about: "Tried in order; the first match wins. If none matches, the connection is closed.")
        reader.checkExactlyOne(of: "to", isShortFor: "one route", or: "routes", example: "to: mailbox")
        if let target {
            positions.note(target.value, at: target.position)
            positions[.target(listener: listener, route: 0)] = target.position
            return [Route(to: target.value)]
        }
        guard let routes else { return nil }
        for (number, route) in routes.enumerated() {
            positions[.route(listener: listener, number)] = route.position
            positions[.target(listener: listener, route: number)] = route.targetPosition
            positions[.routeProxyProtocol(listener: listener, route: number)] = route.proxyProtocolPosition
            positions[.helloMatch(listener: listener, route: number)] = route.helloPosition
        }
        return routes.map(\.route)
    }

    private struct ReadRoute {
        let route: Route
        let position: TextPosition
        let targetPosition: TextPosition?
        let proxyProtocolPosition: TextPosition?
        let helloPosition: TextPosition?
    }

    private func route(listener: Int) -> ValueType<ReadRoute> {
        .mapping("a route") { [self] reader in
            let match = reader.value(
                "match", .match, about: "The conditions, all of them; without it the route matches everything.")
            let target = reader.required(
                "to", .target, example: "to: mailbox",
                about: "The destination. A port replaces the one that the client connected to.")
            let proxyProtocol = reader.value(
                "proxy_protocol", .proxyProtocol, about: "The PROXY header of this route, if not its upstream's.")
            if target == .close, let position = reader.keyPosition(of: "proxy_protocol") {
                reader.problems.error("a route that closes sends no header; leave 'proxy_protocol' out", at: position)
            }
            if let target { positions.note(target, at: reader.position(of: "to")) }
            // A route whose match could not be read must not pass for one that matches everything.
            guard let target, match != nil || !reader.has("match") else { return nil }
            return ReadRoute(
                route: Route(match: match?.match, to: target, proxyProtocol: proxyProtocol),
                position: reader.position, targetPosition: reader.position(of: "to"),
                proxyProtocolPosition: reader.keyPosition(of: "proxy_protocol"), helloPosition: match?.helloPosition)
        }
    }
}
