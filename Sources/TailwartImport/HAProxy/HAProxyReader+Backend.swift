import TailwartCore
import TailwartWire

extension HAProxyReader {
    private static let policies: [String: Upstream.Policy] = [
        "roundrobin": .roundRobin, "static-rr": .roundRobin, "leastconn": .leastConnections, "first": .first,
        "source": .clientHash, "random": .leastConnections,
    ]
    /// What a backend of its own may not have.
    private static let foreign: [String: Unsupported] = [
        "source": .source, "stick-table": .clients, "stick": .clients, "use-server": .conditions, "filter": .content,
        "dispatch": .unknown, "transparent": .source, "persist": .clients,
    ]

    /// The servers of a backend.
    func dial(_ backend: HAProxySection) -> DraftDial? {
        for line in backend.all where backend.kind == "backend" && !isReadWithServers(line, of: backend) {
            if let reason = Self.foreign[line.keyword] { findings.refuse(line.keyword, reason, at: line.position) }
        }
        let servers = servers(of: backend)
        let endpoints = servers.compactMap { server -> Endpoint? in
            guard let address = address(server.address.text, at: server.address.position),
                var endpoint = findings.endpoint(address, needsPort: false)
            else { return nil }
            endpoint.weight = server.weight
            endpoint.isBackup = server.isBackup
            if server.header != servers[0].header { endpoint.proxyProtocol = server.header }
            if !hasResolvers { findings.noteNames([endpoint], at: server.position) }
            return endpoint
        }
        guard endpoints.count == servers.count else { return nil }
        let balance = backend.last("balance")
        let method = balance?.texts.first.map { String($0.prefix { $0 != "(" }) } ?? "roundrobin"
        let policy =
            endpoints.count > 1
            ? findings.policy(method, of: Self.policies, at: balance?.position ?? backend.position) : .first
        guard var dial = findings.dial(endpoints, policy, name: backend.name, at: backend.position) else { return nil }
        dial.upstream.proxyProtocol = servers[0].header
        readSource(of: backend, servers)
        if backend.sticksToSource, let line = backend.last("stick"),
            dial.upstream.endpoints.count(where: { !$0.isBackup }) > 1
        {
            findings.note(
                "'stick on src' remembers where a client went; imported as 'client_hash', which sends an address to the same "
                    + "server as long as that is there, and remembers nothing", at: line.position)
            dial.upstream.policy = .clientHash
        }
        dial.upstream.connectTimeout = findings.connectTimeout(
            duration(backend.last("timeout", "connect")), "'timeout connect'")
        dial.upstream.health = health(of: servers, in: backend)
        return dial
    }

    /// Whether a line is about what ``dial(_:)`` reads.
    func isReadWithServers(_ line: SourceStatement, of section: HAProxySection) -> Bool {
        HAProxySection.usesClient(line)
            || ["stick", "stick-table"].contains(line.keyword) && section.sticksToSource && section.kind != "frontend"
    }

    /// Dialling from the client's address says who it is, as the PROXY header does.
    private func readSource(of backend: HAProxySection, _ servers: [HAProxyServer]) {
        let lines = backend.all.filter(HAProxySection.usesClient).map(\.position) + servers.compactMap(\.usesClient)
        guard let position = lines.first else { return }
        guard servers.allSatisfy({ $0.header != Defaults.proxyProtocol }) else {
            return findings.refuse("usesrc", .source, at: position)
        }
        findings.note(
            "'usesrc' dials from the client's address; here the edge's own is dialled from, and the PROXY header alone says who "
                + "the client is", at: position)
    }

    private func servers(of backend: HAProxySection) -> [HAProxyServer] {
        var defaults: [SourceWord] = []
        var servers: [HAProxyServer] = []
        for line in backend.all {
            if line.keyword == "default-server" { defaults += line.words }
            if line.keyword == "server-template" {
                findings.refuse(
                    "every address of a name is tried here; write 'server' with that name once", at: line.position)
            }
            guard line.keyword == "server", let server = HAProxyServer(line, defaults: defaults, findings) else {
                continue
            }
            if let reason = server.isOut {
                findings.note("the server is left out: \(reason)", at: server.position)
            } else {
                servers.append(server)
            }
        }
        return servers
    }

    /// Nil where nothing is checked.
    private func health(of servers: [HAProxyServer], in backend: HAProxySection) -> HealthSettings? {
        guard let checked = servers.first(where: \.isChecked) else { return nil }
        if let server = servers.first(where: { !$0.isChecked }) {
            findings.note("this server has no 'check' and others have; here all are probed", at: server.position)
        }
        let checks = ["smtpchk", "tcp-check", "ssl-hello-chk", "external-check", "httpchk", "pgsql-check"]
        for line in backend.all {
            let name = line.keyword == "option" ? line.texts.first ?? "" : line.keyword
            guard line.keyword == "tcp-check" || line.keyword == "option" && checks.contains(name) else { continue }
            findings.note(
                "'\(name)' is left out: what is asked in a check follows from the protocol here", at: line.position)
            break
        }
        var health = (servers.first { $0.isChecked && $0.health != HealthSettings() } ?? checked).health
        let ports = Set(servers.filter(\.isChecked).map(\.checkPort))
        health.port = ports.count == 1 ? checked.checkPort : nil
        if let server = servers.first(where: { $0.isChecked && $0.checkPort != health.port }) {
            findings.note(
                "servers are checked on different ports; here each is probed where its clients go", at: server.position)
            return health
        }
        // What all of them are sent, or each the header of its clients.
        let headers = Set(servers.filter(\.isChecked).map(\.checkHeader))
        if servers.contains(where: { $0.isChecked && $0.checkHeader != $0.header.version }) {
            if headers.count == 1 {
                health.proxyProtocol = checked.checkHeader
            } else {
                findings.refuse(
                    "some servers are checked with a PROXY header that clients do not bring, others are not; check them alike",
                    at: checked.position)
            }
        }
        return health
    }
}
