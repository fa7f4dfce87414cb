import TailwartConfig
import TailwartCore
import TailwartWire

/// Reads Caddy's JSON: the layer4 app becomes listeners, everything else is left to Caddy.
struct CaddyReader {
    let findings: Findings
    var variables: Variables { findings.variables }
    /// Whether it comes from a Caddyfile, where `{$NAME}` and `{$NAME:default}` stand for variables.
    var isCaddyfile = false
    /// The mail domains that the names of the file tell, for patterns that were meant to cover each of them.
    private(set) var domains: [String] = []

    mutating func read(_ root: JSONElement) -> Draft {
        var draft = Draft()
        draft.notes = findings.notes {
            let own = "settings of Caddy itself"
            _ = members(root, known: ["apps"], left: ["admin": own, "logging": own, "storage": own])
            for app in root["apps"]?.members ?? [] where app.key != "layer4" {
                note(
                    app,
                    "the app \(app.key.quoted) is left to Caddy: keep it running for this, on ports that no listener here has"
                )
            }
        }
        guard root.members != nil else { return draft }
        let wrapped = (root["apps"]?["http"]?["servers"]?.members ?? []).filter { wrapper(of: $0) != nil }
        guard let app = root["apps"]?["layer4"] else {
            if wrapped.isEmpty {
                refuse(root["apps"] ?? root, "there is no layer4 app here; Caddy's other apps are not imported")
            }
            draft.listeners = wrapped.flatMap { server in findings.listeners { listeners(wrapping: server) } }
            return draft
        }
        guard members(app, known: ["servers"]), let servers = app["servers"] else { return draft }
        domains = Self.mailDomains(in: servers)
        draft.listeners = objects(servers).flatMap { server in findings.listeners { [listener(server)] } }
        draft.listeners += wrapped.flatMap { server in findings.listeners { listeners(wrapping: server) } }
        return draft
    }

    private static let keys = ["listen", "routes", "matching_timeout"]
    private static let leftKeys = ["idle_timeout": "in caddy-l4 it holds for UDP only"]

    private func listener(_ server: JSONElement) -> DraftListener? {
        guard members(server, known: Self.keys, left: Self.leftKeys) else { return nil }
        return listener(server, named: server.key, on: binds(server))
    }

    /// The wrapper by which an HTTP server lets layer4 look at its connections first.
    private func wrapper(of server: JSONElement) -> JSONElement? {
        (server["listener_wrappers"]?.elements ?? []).first { $0["wrapper"]?.text == "layer4" }
    }

    /// One for each port of an HTTP server: what no route takes goes on to that server, which moves.
    private func listeners(wrapping server: JSONElement) -> [DraftListener?] {
        guard let wrapper = wrapper(of: server),
            members(wrapper, known: ["wrapper"] + Self.keys, left: Self.leftKeys)
        else { return [] }
        if let first = server["listener_wrappers"]?.elements?.first, first["wrapper"]?.text != "layer4" {
            refuse(
                first, "layer4 comes behind another wrapper here, and its routes are the first to look; put it first")
        }
        let all = binds(server)
        return all.map(\.address.port).withoutRepeats.map { port in
            guard let port, !variables.references.isUnknown(port), port < 57_536 else {
                return findings.refuse(
                    "the port that this server is moved to cannot be told; write its port", at: server.position)
            }
            let moved = port + 8000
            note(
                wrapper,
                "layer4 routes inside an HTTP server share its port; imported as a listener on \(port) that passes everything "
                    + "else to 127.0.0.1:\(moved): move that server of Caddy's there. It sees this host as its client then, unless a "
                    + "PROXY header is switched on at both ends")
            let rest = findings.dial(
                [Endpoint(host: "127.0.0.1", port: moved)], .first, name: "caddy", at: server.position)
            return listener(wrapper, named: server.key, on: all.filter { $0.address.port == port }, rest: rest)
        }
    }

    private func binds(_ server: JSONElement) -> [SourceBind] {
        list(server["listen"]).compactMap { address($0) }.flatMap { address in
            findings.binds(address) { host in
                // Go listens on both families for `0.0.0.0` and `::` unless the network says otherwise.
                guard ["", "0.0.0.0", "::"].contains(host) else { return host }
                return switch address.family {
                case .v4: "0.0.0.0"
                case .v6: "::"
                case .any, .unix: ""
                }
            }
        }
    }

    /// - Parameter rest: where those go whom no route takes.
    private func listener(
        _ server: JSONElement, named name: String, on binds: [SourceBind], rest: DraftDial? = nil
    ) -> DraftListener {
        var routes = CaddyRoutes()
        for route in list(server["routes"]) { read(route, under: [.always], into: &routes) }
        if let rest { routes.add([.always], rest, at: rest.position, behindHeader: false) }
        var listener = DraftListener(
            name: name, binds: binds.map(\.address), routes: routes.flat, position: server.position)
        listener.header = routes.header
        noteOrder(of: listener.routes)
        if let element = server["matching_timeout"] ?? routes.innerTimeout, let timeout = duration(element),
            timeout > .zero
        {
            listener.hello = (timeout, element.position)
        }
        return listener
    }

    /// caddy-l4 forgets that a name is undecided as soon as a later matcher says no.
    private func noteOrder(of routes: [DraftRoute]) {
        guard let first = routes.firstIndex(where: \.match.needsHello),
            let route = routes[(first + 1)...].first(where: { !$0.match.clients.isEmpty })
        else { return }
        findings.note(
            "caddy-l4 sends a TLS hello that comes in two pieces past the names before this (mholt/caddy-l4#455); here the order "
                + "of routes holds for every client", at: route.position)
    }

    /// Domains of names such as `mta-sts.example.org`, anywhere below.
    private static func mailDomains(in element: JSONElement) -> [String] {
        let below = (element.members ?? element.elements ?? []).flatMap { mailDomains(in: $0) }
        let parts = element.text?.split(separator: ".", maxSplits: 1).map(String.init) ?? []
        let isMail = parts.count == 2 && Defaults.httpsNamePrefixes.contains(parts[0]) && !parts[1].contains("*")
        return (isMail ? [parts[1]] : below).withoutRepeats
    }
}
