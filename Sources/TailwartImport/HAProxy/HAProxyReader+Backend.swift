import TailwartCore
import TailwartWire

extension HAProxyReader {
    /// The servers of a backend, as the listener of `proxy` dials them.
    mutating func dial(_ backend: HAProxyProxy, listenedBy proxy: HAProxyProxy) -> DraftRoute.Target? {
        if backend.kind == "backend" {
            for line in backend.lines {
                guard
                    [
                        "source", "stick-table", "stick", "use-server", "dispatch", "filter", "tcp-request",
                        "tcp-response",
                    ]
                    .contains(line.keyword)
                else { continue }
                findings.refuse("\(line.keyword.quoted) has no counterpart in an upstream; remove it", at: line.place)
            }
        }
        var defaults: [HAProxyLine.Word] = []
        var servers: [HAProxyServer] = []
        for line in backend.all {
            switch line.keyword {
            case "default-server": defaults += line.arguments
            case "server":
                guard line.words.count >= 3 else {
                    findings.refuse("a server has a name and an address", at: line.place)
                    continue
                }
                var server = HAProxyServer(address: line.words[2], place: line.place)
                server.read(defaults, findings)
                server.read(line.words.dropFirst(3), findings)
                servers.append(server)
            case "server-template":
                guard line.words.count >= 4 else {
                    findings.refuse("a template has a name, a number and an address", at: line.place)
                    continue
                }
                findings.note("one endpoint for all of these: every address of a name is tried", at: line.place)
                var server = HAProxyServer(address: line.words[3], place: line.place)
                server.read(defaults, findings)
                server.read(line.words.dropFirst(4), findings)
                servers.append(server)
            default: break
            }
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
        let endpoints = servers.compactMap { server -> DraftUpstream.Endpoint? in
            guard var endpoint = endpoint(server.address) else { return nil }
            endpoint.weight = server.weight
            endpoint.isBackup = server.isBackup
            return endpoint
        }
        if !hasResolvers, let named = zip(endpoints, servers).first(where: { $0.0.isName }) {
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
        var upstream = DraftUpstream(endpoints: endpoints)
        if endpoints.filter({ !$0.isBackup }).count > 1 { upstream.policy = policy(backend) }
        if let line = backend.last("timeout", "connect") {
            upstream.connectTimeout = duration(line)?.within(
                Allowed.connect, "'timeout connect'", at: line.place, findings, text: \.configurationText)
            if upstream.connectTimeout == Timeouts.defaultConnect { upstream.connectTimeout = nil }
        }
        upstream.health = servers.lazy.compactMap(\.health).first
        noteChecks(backend, isChecked: servers.contains(where: \.isChecked))
        return .dial(DraftDial(upstream: upstream, header: first.header, name: backend.name, place: backend.place))
    }

    private func policy(_ backend: HAProxyProxy) -> Upstream.Policy {
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

    private func noteChecks(_ backend: HAProxyProxy, isChecked: Bool) {
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

/// A `server` line: an address and what stands behind it.
struct HAProxyServer {
    let address: HAProxyLine.Word
    let place: SourcePlace
    var header = DraftHeader.none
    var weight = 1
    var isBackup = false
    /// Why it gets no connections.
    var isOut: String?
    private(set) var isChecked = false
    private var interval: Duration?
    private var rise: Int?
    private var fall: Int?
    private var closes = false

    /// Words that take a value and tune.
    private static let tuning: Set<String> = [
        "fastinter", "downinter", "port", "addr", "maxconn", "minconn", "maxqueue", "resolvers", "resolve-prefer",
        "resolve-net", "resolve-opts", "init-addr", "on-marked-up", "observe", "error-limit", "slowstart", "cookie",
        "id",
        "track", "tcp-ut", "agent-port", "agent-inter", "agent-addr", "on-error", "check-proto", "check-sni",
        "check-alpn",
        "log-proto", "pool-max-conn", "pool-purge-delay", "pool-low-conn", "redir", "proto", "ws", "guid",
        "strict-maxconn",
    ]
    private static let flags: Set<String> = [
        "check-send-proxy", "no-agent-check", "agent-check", "tfo", "no-tfo", "stick", "non-stick", "enabled",
        "check-ssl",
        "no-check-ssl", "no-check-send-proxy", "no-backup", "no-ssl", "no-verifyhost",
    ]

    init(address: HAProxyLine.Word, place: SourcePlace) {
        self.address = address
        self.place = place
    }

    /// Nil where nothing is checked, or nothing is said about how.
    var health: DraftUpstream.Health? {
        guard isChecked, interval != nil || rise != nil || fall != nil || closes else { return nil }
        return DraftUpstream.Health(interval: interval, rise: rise, fall: fall, closeIfUnhealthy: closes)
    }

    mutating func read(_ words: some Sequence<HAProxyLine.Word>, _ findings: Findings) {
        var rest = Array(words)[...]
        while let word = rest.popFirst() {
            switch word.text {
            case "check": isChecked = true
            case "no-check": isChecked = false
            case "send-proxy": header = DraftHeader(version: "v1")
            case "send-proxy-v2": header = DraftHeader(version: "v2", tlvs: header.tlvs)
            case "send-proxy-v2-ssl", "send-proxy-v2-ssl-cn":
                header = DraftHeader(version: "v2", tlvs: header.tlvs)
                findings.note(
                    "nothing is said about TLS in the header here, as the proxy did not end it; plain v2",
                    at: word.place)
            case "no-send-proxy", "no-send-proxy-v2": header = .none
            case "proxy-v2-options": readOptions(rest.popFirst(), findings)
            case "backup": isBackup = true
            case "disabled": isOut = "it is disabled"
            case "weight": readWeight(rest.popFirst(), findings)
            case "inter": interval = readInterval(rest.popFirst(), findings)
            case "rise": rise = readCount(rest.popFirst(), findings)
            case "fall": fall = readCount(rest.popFirst(), findings)
            case "on-marked-down": closes = rest.popFirst()?.text == "shutdown-sessions"
            case "source", "usesrc":
                let value = rest.popFirst()
                if word.text == "source", value.flatMap({ IPAddressText.parse($0.text) })?.isOfTailnet == true {
                    findings.note(
                        "'source' is left out: the kernel dials over the tailnet from this host's tailnet address anyway",
                        at: word.place)
                } else {
                    findings.refuse(
                        "the address to dial from cannot be chosen here; let the routing table choose it, and remove this",
                        at: word.place)
                }
            case "ssl", "sni", "verify", "ca-file", "crt", "alpn", "verifyhost":
                findings.refuse(
                    "Tailwart opens no TLS to an upstream; pass the client's TLS through, or keep this with HAProxy",
                    at: word.place)
                if word.text != "ssl" { _ = rest.popFirst() }
            case _ where Self.flags.contains(word.text): break
            case _ where Self.tuning.contains(word.text): _ = rest.popFirst()
            default:
                findings.refuse("\(word.text.quoted) has no counterpart here; remove it", at: word.place)
            }
        }
    }

    private mutating func readOptions(_ word: HAProxyLine.Word?, _ findings: Findings) {
        guard let word else { return }
        let known = ["authority": "authority", "crc32c": "crc32c", "unique-id": "unique_id"]
        var tlvs: [String] = []
        for option in word.text.split(separator: ",").map(String.init) {
            if let name = known[option] {
                tlvs.append(name)
            } else {
                findings.note(
                    "\(option.quoted) is left out of the header: it is about TLS that the proxy did not end",
                    at: word.place)
            }
        }
        header.tlvs = tlvs
    }

    private mutating func readWeight(_ word: HAProxyLine.Word?, _ findings: Findings) {
        guard let word, let number = Int(word.text) else {
            return findings.refuse("a whole number should follow 'weight'", at: word?.place ?? place)
        }
        if number == 0 { isOut = "a weight of 0 gets no connections" }
        weight = max(1, number).within(Allowed.weight, "a weight", at: word.place, findings, text: { "\($0)" })
    }

    private func readInterval(_ word: HAProxyLine.Word?, _ findings: Findings) -> Duration? {
        guard let word, let duration = ForeignDuration.haproxy(word.text) else {
            findings.refuse("a duration should follow 'inter'", at: word?.place ?? place)
            return nil
        }
        return duration.within(
            Allowed.healthInterval, "'inter'", at: word.place, findings, text: \.configurationText)
    }

    private func readCount(_ word: HAProxyLine.Word?, _ findings: Findings) -> Int? {
        guard let word, let number = Int(word.text) else {
            findings.refuse("a whole number should follow", at: word?.place ?? place)
            return nil
        }
        return number.within(Allowed.healthCount, "a number of checks", at: word.place, findings, text: { "\($0)" })
    }
}
