import TailwartCore
import TailwartWire

extension HAProxyReader {
    /// Keywords that tune, log, or say what happens here anyway.
    private static let harmless: Set<String> = [
        "mode", "log", "log-format", "log-format-sd", "log-tag", "option", "timeout", "retries", "balance", "server",
        "default-server", "server-template", "acl", "use_backend", "default_backend", "bind", "tcp-request", "maxconn",
        "backlog", "description", "id", "bind-process", "unique-id-format", "stats", "errorfile", "errorfiles",
        "errorloc",
        "tcp-check", "http-check", "load-server-state-from-file", "fullconn", "hash-type", "no", "enabled", "guid",
        "external-check", "email-alert", "compression", "http-reuse", "monitor-uri", "monitor-net", "cookie",
    ]

    private static let foreign: [String: String] = [
        "source": "the address to dial from cannot be chosen here; let the routing table choose it, and remove this",
        "rate-limit": "rates are not limited here; let the firewall do it, and remove this",
        "stick-table": "clients are not counted or remembered here; 'balance source' keeps a client on its server",
        "stick": "clients are not remembered here; 'balance source' keeps a client on its server",
        "filter": "there are no filters here; keep this with HAProxy",
        "use-server": "a backend has one policy here; make it two backends",
        "tcp-response": "what servers answer is not looked at here; remove it, or keep this with HAProxy",
        "dispatch": "name the address as a server",
        "disabled": "it is disabled; remove the section, or this line",
        "transparent": "clients' addresses are not taken over here; a PROXY header tells them",
    ]

    func listener(_ proxy: HAProxySection) -> DraftListener? {
        let own = proxy.kind == "listen" ? proxy.all : proxy.all.filter { $0.keyword != "server" }
        for line in own where !Self.harmless.contains(line.keyword) {
            if let reason = Self.foreign[line.keyword] {
                findings.refuse("\(line.keyword.quoted): \(reason)", at: line.place)
            } else if proxy.lines.contains(where: { $0.place == line.place }) {
                findings.refuse(
                    "\(line.keyword.quoted) has no counterpart here; remove it, or keep this with HAProxy",
                    at: line.place)
            }
        }
        let bindLines = proxy.lines.filter { $0.keyword == "bind" }
        if bindLines.isEmpty {
            // Old style: listen name :25
            findings.refuse("there is no 'bind' here, so no address to listen on; add one", at: proxy.place)
        }
        var binds: [BindAddress] = []
        var places: [SourcePlace] = []
        for line in bindLines {
            let place = line.words.dropFirst().first?.place ?? line.place
            let own = self.binds(line)
            binds += own
            places += own.map { _ in place }
        }
        for (bind, place) in zip(binds, places) { noteFamily(of: bind, among: binds, at: place) }
        var rules = HAProxyRules(findings: findings, acls: HAProxyACLs(proxy.all, findings))
        rules.read(proxy.all)
        guard let routes = routes(of: proxy, &rules) else { return nil }
        var listener = DraftListener(
            name: proxy.name, binds: binds, routes: routes, place: proxy.place)
        readHeader(bindLines, &rules, into: &listener)
        listener.routes = rules.closing.map(\.route) + routes
        readTimeouts(proxy, rules, into: &listener)
        if let line = proxy.last("maxconn"), let text = line.texts.first {
            guard let limit = Int(text) else {
                findings.refuse("\(text.quoted) is no number", at: line.place)
                return nil
            }
            listener.maxConnections = limit.within(Allowed.maxConnections, "'maxconn'", at: line.place, findings)
        }
        return listener
    }

    /// `use_backend` in order, then `default_backend`, or the servers of a `listen` itself.
    private func routes(of proxy: HAProxySection, _ rules: inout HAProxyRules) -> [DraftRoute]? {
        var routes: [DraftRoute] = []
        for line in proxy.lines where line.keyword == "use_backend" {
            guard let name = line.words.dropFirst().first else { continue }
            guard let matches = rules.condition(of: line, after: 2), let dial = dial(name) else {
                continue
            }
            for match in matches { routes.append(DraftRoute(match: match, dial: dial, place: line.place)) }
        }
        if proxy.lines.contains(where: { ["server", "server-template"].contains($0.keyword) }), proxy.kind == "listen" {
            guard let dial = dial(proxy) else { return nil }
            routes.append(DraftRoute(match: .always, dial: dial, place: proxy.place))
        } else if let line = proxy.last("default_backend"), let name = line.words.dropFirst().first {
            guard let dial = dial(name) else { return nil }
            routes.append(DraftRoute(match: .always, dial: dial, place: line.place))
        }
        return routes
    }

    private func dial(_ name: HAProxyLine.Word) -> DraftDial? {
        guard !name.text.contains("%[") else {
            findings.refuse(
                "the backend is worked out for each connection here; write a 'use_backend' with 'req.ssl_sni' for each name",
                at: name.place)
            return nil
        }
        guard let backend = backends[name.text] else {
            findings.refuse("there is no backend \(name.text.quoted)", at: name.place)
            return nil
        }
        guard backend.isTCP else {
            findings.refuse(
                "the backend \(name.text.quoted) is in HTTP mode; Tailwart speaks no HTTP", at: name.place)
            return nil
        }
        return dial(backend)
    }

    private func readHeader(_ binds: [HAProxyLine], _ rules: inout HAProxyRules, into listener: inout DraftListener) {
        let accepting = binds.filter { $0.texts.contains("accept-proxy") }
        guard let place = accepting.first?.place ?? rules.expectPlace else { return }
        if !accepting.isEmpty, accepting.count < binds.count {
            findings.refuse(
                "some addresses of this listener expect a PROXY header and some do not; give each kind a listener of its own",
                at: place)
        }
        var trusted = rules.takePeers()
        if trusted.isEmpty {
            trusted = findings.trustAnybody(at: place)
        } else {
            findings.note(
                "HAProxy also takes connections from others, without a PROXY header; this listener closes them",
                at: place)
        }
        listener.proxyProtocolIn = ProxyProtocolIn(trusted: trusted)
    }

    private func readTimeouts(_ proxy: HAProxySection, _ rules: HAProxyRules, into listener: inout DraftListener) {
        // The tunnel's timeout takes the place of the other two; of those the shorter ends the connection.
        let idle =
            proxy.last("timeout", "tunnel").map { [$0] }
            ?? ["client", "server"].compactMap { proxy.last("timeout", $0) }
        for line in idle {
            guard let value = duration(line) else { continue }
            if let shorter = listener.idle?.time, shorter <= value { continue }
            listener.idle = (value, line.place)
        }
        if let inspect = rules.inspectDelay { listener.hello = duration(inspect).map { ($0, inspect.place) } }
        if let fin = proxy.last("timeout", "client-fin") {
            listener.halfClosed = duration(fin)?.within(
                Allowed.halfClosed, "'timeout client-fin'", at: fin.place, findings)
        }
    }

    func duration(_ line: HAProxyLine) -> Duration? {
        if let text = line.texts.last, let duration = ForeignDuration.haproxy(text) { return duration }
        findings.refuse("a duration such as 30s should stand here", at: line.place)
        return nil
    }
}
