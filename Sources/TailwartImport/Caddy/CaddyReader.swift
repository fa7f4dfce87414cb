import TailwartCore
import TailwartWire

/// Reads Caddy's JSON: the layer4 app becomes listeners, everything else is left to Caddy.
struct CaddyReader {
    let findings: Findings
    var variables: Variables { findings.variables }
    /// The mail domains that the names of the file tell, for patterns that were meant to cover each of them.
    var domains: [String] = []

    mutating func read(_ root: JSONElement) -> Draft {
        var draft = Draft()
        guard members(root, known: ["admin", "logging", "storage", "apps"]) else { return draft }
        draft.notes = findings.notes { noteLeftAlone(root) }
        guard let app = root["apps"]?["layer4"] else {
            refuse(root["apps"] ?? root, "there is no layer4 app here; Caddy's other apps are not imported")
            return draft
        }
        guard members(app, known: ["servers"]), let servers = app["servers"] else { return draft }
        guard let members = servers.members else {
            refuse(servers, "an object should stand here, not \(servers.value.found)")
            return draft
        }
        domains = Self.mailDomains(in: servers)
        draft.listeners = members.compactMap { server in findings.listener { listener(server) } }
        return draft
    }

    private func noteLeftAlone(_ root: JSONElement) {
        for key in ["admin", "logging", "storage"] {
            guard let element = root[key] else { continue }
            note(element, "'\(key)' is left out: settings of Caddy itself")
        }
        for app in root["apps"]?.members ?? [] where app.key != "layer4" {
            note(
                app,
                "the app \(app.key.quoted) is left to Caddy: keep it running for this, on ports that no listener here has"
            )
            guard app.key == "http" else { continue }
            for server in app["servers"]?.members ?? [] {
                for wrapper in server["listener_wrappers"]?.elements ?? [] where wrapper["wrapper"]?.text == "layer4" {
                    refuse(
                        wrapper,
                        "layer4 routes inside an HTTP server share its port; move that server to 127.0.0.1:8443 and these "
                            + "routes to a layer4 server on \":443\" that passes everything else there")
                }
            }
        }
    }

    private func listener(_ server: JSONElement) -> DraftListener? {
        guard members(server, known: ["listen", "routes", "matching_timeout", "idle_timeout"]) else { return nil }
        guard let listen = server["listen"] else {
            refuse(server, "there is no 'listen' here, so no address to listen on; add one")
            return nil
        }
        let binds = list(listen).flatMap { self.binds($0) }
        var routes = CaddyRoutes()
        for route in list(server["routes"]) { read(route, under: [.always], into: &routes) }
        var listener = DraftListener(
            name: server.key, binds: binds, routes: routes.settled(findings), place: server.place)
        if list(listen).isEmpty { refuse(listen, "there is no address to listen on here; add one") }
        noteOrder(of: listener.routes)
        listener.proxyProtocolIn = routes.inbound
        if let timeout = server["matching_timeout"] ?? routes.innerTimeout {
            listener.hello = duration(timeout).map { ($0, timeout.place) }
        }
        if let timeout = server["idle_timeout"] {
            note(timeout, "'idle_timeout' is left out: in caddy-l4 it holds for UDP only")
        }
        return listener
    }

    /// caddy-l4 forgets that a name is undecided as soon as a later matcher says no.
    private func noteOrder(of routes: [DraftRoute]) {
        guard let first = routes.firstIndex(where: \.match.needsHello) else { return }
        for route in routes[(first + 1)...] where !route.match.clients.isEmpty || !route.match.locals.isEmpty {
            findings.note(
                "caddy-l4 sends a TLS hello that comes in two pieces past the names before this "
                    + "(mholt/caddy-l4#455); here the order of routes holds for every client", at: route.place)
            return
        }
    }

    /// Domains of names such as `mta-sts.example.org`, anywhere below.
    private static func mailDomains(in element: JSONElement) -> [String] {
        var domains: [String] = []
        func search(_ content: JSON.Content) {
            switch content {
            case .text(let text):
                let parts = text.split(separator: ".", maxSplits: 1)
                guard parts.count == 2, Defaults.httpsNamePrefixes.contains(String(parts[0])), !parts[1].contains("*")
                else {
                    return
                }
                domains.append(String(parts[1]))
            case .list(let members): for member in members { search(member.content) }
            case .object(let members): for member in members { search(member.value.content) }
            case .null, .flag, .number: break
            }
        }
        search(element.value.content)
        return domains.withoutRepeats
    }
}
