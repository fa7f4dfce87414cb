import TailwartCore
import TailwartWire

extension HAProxyReader {
    private static let foreignInBackend: Set<String> = [
        "source", "stick-table", "stick", "use-server", "dispatch", "filter", "tcp-request", "tcp-response",
    ]

    /// The servers of a backend.
    func dial(_ backend: HAProxySection) -> DraftDial? {
        for line in backend.lines where backend.kind == "backend" && Self.foreignInBackend.contains(line.keyword) {
            findings.refuse("\(line.keyword.quoted) has no counterpart in an upstream; remove it", at: line.place)
        }
        var defaults: [HAProxyLine.Word] = []
        var servers: [HAProxyServer] = []
        for line in backend.all {
            if line.keyword == "default-server" { defaults += line.arguments }
            guard ["server", "server-template"].contains(line.keyword) else { continue }
            let isTemplate = line.keyword == "server-template"
            let address = isTemplate ? 3 : 2
            guard line.words.count > address else {
                findings.refuse(
                    isTemplate
                        ? "a template has a name, a number and an address" : "a server has a name and an address",
                    at: line.place)
                continue
            }
            if isTemplate {
                findings.note("one endpoint for all of these: every address of a name is tried", at: line.place)
            }
            var server = HAProxyServer(address: line.words[address], place: line.place)
            server.read(defaults, findings)
            server.read(line.words.dropFirst(address + 1), findings)
            servers.append(server)
        }
        servers = servers.filter { server in
            if let reason = server.isOut { findings.note("the server is left out: \(reason)", at: server.place) }
            return server.isOut == nil
        }
        guard let first = servers.first else {
            findings.refuse("there is no server to dial here; add one", at: backend.place)
            return nil
        }
        guard servers.allSatisfy({ $0.header == first.header }) else {
            findings.refuse(
                "servers of one backend expect different PROXY headers; here an upstream has one: make it two backends",
                at: backend.place)
            return nil
        }
        let endpoints = servers.compactMap { server -> Endpoint? in
            guard var endpoint = endpoint(server.address) else { return nil }
            endpoint.weight = server.weight
            endpoint.isBackup = server.isBackup
            return endpoint
        }
        if !hasResolvers, let named = zip(endpoints, servers).first(where: { $0.0.isName(variables) }) {
            findings.note(
                "without 'resolvers' HAProxy resolves this name once, when it starts; here it is followed, and may be missing at "
                    + "the start", at: named.1.place)
        }
        guard endpoints.contains(where: { !$0.isBackup }), endpoints.count == servers.count else {
            if endpoints.count == servers.count {
                findings.refuse("all servers here are backups; at least one must not be", at: backend.place)
            }
            return nil
        }
        var dial = DraftDial(endpoints, name: backend.name, place: backend.place)
        dial.upstream.proxyProtocol = first.header
        if endpoints.filter({ !$0.isBackup }).count > 1 { dial.upstream.policy = policy(backend) }
        if let line = backend.last("timeout", "connect") {
            let timeout = duration(line)?.within(Allowed.connect, "'timeout connect'", at: line.place, findings)
            dial.upstream.connectTimeout = timeout == Timeouts.defaultConnect ? nil : timeout
        }
        dial.upstream.health = servers.lazy.compactMap(\.health).first ?? HealthSettings()
        noteChecks(backend, isChecked: servers.contains(where: \.isChecked))
        return dial
    }

    private func policy(_ backend: HAProxySection) -> Upstream.Policy {
        guard let line = backend.last("balance"), let method = line.texts.first else { return .roundRobin }
        switch method {
        case "roundrobin", "static-rr": return .roundRobin
        case "leastconn": return .leastConnections
        case "first": return .first
        case "source": return .clientHash
        case _ where method == "random" || method.hasPrefix("random("): return .leastConnections
        default:
            findings.refuse(
                "\(method.quoted) is not known here; ours are first, round_robin, least_connections and client_hash",
                at: line.place)
            return .first
        }
    }

    private func noteChecks(_ backend: HAProxySection, isChecked: Bool) {
        guard isChecked,
            let line = backend.all.first(where: {
                $0.keyword == "tcp-check"
                    || $0.keyword == "option"
                        && ["smtpchk", "tcp-check", "ssl-hello-chk"].contains($0.texts.first ?? "")
            })
        else { return }
        findings.note(
            "'\(line.texts.first.map { line.keyword == "option" ? $0 : line.keyword } ?? line.keyword)' is left out: what is asked "
                + "in a check follows from the protocol here", at: line.place)
    }
}
