import TailwartCore
import TailwartWire

/// Reads Caddy's JSON: the layer4 app becomes listeners, everything else is left to Caddy.
struct CaddyReader {
    let findings: Findings
    var variables: Variables { findings.variables }
    /// The mail domains that the names of the file tell, for patterns that were meant to cover each of them.
    private(set) var domains: [String] = []

    mutating func read(_ root: JSONElement) -> Draft {
        var draft = Draft()
        draft.notes = findings.notes {
            let own = "settings of Caddy itself"
            _ = members(root, known: ["apps"], left: ["admin": own, "logging": own, "storage": own])
            for app in root["apps"]?.members ?? [] where app.key != "layer4" { noteLeftAlone(app) }
        }
        guard root.members != nil else { return draft }
        guard let app = root["apps"]?["layer4"] else {
            refuse(root["apps"] ?? root, "there is no layer4 app here; Caddy's other apps are not imported")
            return draft
        }
        guard members(app, known: ["servers"]), let servers = app["servers"] else { return draft }
        domains = Self.mailDomains(in: servers)
        draft.listeners = objects(servers).flatMap { server in findings.listeners { [listener(server)] } }
        return draft
    }

    private func noteLeftAlone(_ app: JSONElement) {
        note(
            app,
            "the app \(app.key.quoted) is left to Caddy: keep it running for this, on ports that no listener here has")
        let servers = app.key == "http" ? app["servers"]?.members ?? [] : []
        for wrapper in servers.flatMap({ $0["listener_wrappers"]?.elements ?? [] })
        where wrapper["wrapper"]?.text == "layer4" {
            refuse(
                wrapper,
                "layer4 routes inside an HTTP server share its port; move that server to 127.0.0.1:8443 and these routes to a "
                    + "layer4 server on \":443\" that passes everything else there")
        }
    }

    private func listener(_ server: JSONElement) -> DraftListener? {
        guard
            members(
                server, known: ["listen", "routes", "matching_timeout"],
                left: ["idle_timeout": "in caddy-l4 it holds for UDP only"])
        else { return nil }
        let binds = list(server["listen"]).compactMap { address($0) }.flatMap { address in
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
        var routes = CaddyRoutes()
        for route in list(server["routes"]) { read(route, under: [.always], into: &routes) }
        var listener = DraftListener(
            name: server.key, binds: binds.map(\.address), routes: routes.flat, position: server.position)
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
