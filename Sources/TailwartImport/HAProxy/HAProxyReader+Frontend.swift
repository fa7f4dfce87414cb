import TailwartCore
import TailwartWire

extension HAProxyReader {
    /// Keywords of a section that listens, where no code reads them.
    private static let keywords = WordTable(
        harmless: """
            mode log log-format log-format-sd log-tag log-steps option timeout retries balance server default-server
            server-template acl use_backend default_backend bind tcp-request maxconn backlog description id bind-process
            unique-id-format stats errorfile errorfiles errorloc errorloc302 errorloc303 tcp-check http-check
            load-server-state-from-file fullconn hash-type no enabled guid external-check email-alert compression http-reuse
            monitor-uri cookie http-request http-response http-after-response http-error http-errors max-keep-alive-queue
            unique-id-header clitcpka-cnt clitcpka-idle clitcpka-intvl srvtcpka-cnt srvtcpka-idle srvtcpka-intvl disabled
            """,
        refused: [
            "source": .source, "rate-limit": .clients, "stick-table": .clients, "stick": .clients, "filter": .content,
            "tcp-response": .content, "use-server": .conditions, "monitor-net": .answers, "transparent": .source,
        ])

    /// Words of `bind` behind the address.
    private static let bindWords = WordTable(
        harmless: """
            accept-proxy defer-accept tfo v4v6 v6only allow-0rtt generate-certificates prefer-client-ciphers no-ca-names
            strict-sni expose-fd quic-force-retry
            """,
        valued: """
            backlog id mss name nice process thread shards tcp-ut user group mode uid gid label level cc guid-prefix
            severity-output interface namespace crt crt-list maxconn
            """,
        left: ["maxconn": "the listener's own limit is 'max_connections'"],
        refused: ["ssl": .endsTLS, "crt": .endsTLS, "crt-list": .endsTLS, "interface": .unknown, "namespace": .unknown])

    func listener(_ proxy: HAProxySection) -> DraftListener? {
        for line in proxy.all { Self.keywords.read(line.keyword, at: line.position, findings) }
        let binds = proxy.lines.filter { $0.keyword == "bind" }.flatMap { self.binds($0) }
        findings.noteFamilies(binds)
        let rules = HAProxyRules(proxy.all, findings)
        let targets = targets(of: proxy, rules)
        var listener = DraftListener(
            name: proxy.name, binds: binds.map(\.address), routes: rules.closing + targets.map(\.route),
            position: proxy.position)
        listener.header = header(binds, rules)
        if let waiting = listener.routes.first(where: \.match.needsHello), !rules.waitsForHello {
            findings.note(
                "HAProxy waits for a hello only where 'tcp-request inspect-delay' and a 'tcp-request content' rule ask for one; "
                    + "without them this is decided at once, mostly before the hello has come; imported as meant: it is waited for",
                at: waiting.position)
        }
        readTimeouts(proxy, targets.map(\.backend), rules, into: &listener)
        if let line = proxy.last("maxconn") { listener.maxConnections = maxconn(line) }
        return listener
    }

    private func binds(_ line: SourceStatement) -> [SourceBind] {
        guard let addresses = line.words.first else { return [] }
        var rest = line.words.dropFirst()
        while let word = rest.popFirst() {
            if Self.bindWords.read(word.text, at: word.position, findings) { _ = rest.popFirst() }
            // What follows is about TLS too.
            if word.text == "ssl" { return [] }
        }
        let isV6Only = line.texts.contains("v6only")
        return addresses.text.split(separator: ",").flatMap { text -> [SourceBind] in
            guard let address = address(String(text), at: addresses.position) else { return [] }
            return findings.binds(address, expectsHeader: line.texts.contains("accept-proxy")) { host in
                switch host {
                case "": address.family == .v6 ? (isV6Only ? "::" : "") : "0.0.0.0"
                // Linux gives a socket on :: the IPv4 clients too, unless it is told otherwise.
                case "::": isV6Only ? "::" : ""
                default: host
                }
            }
        }
    }

    /// `use_backend` in order, then `default_backend`, which comes before the servers of a `listen` itself.
    private func targets(
        of proxy: HAProxySection, _ rules: HAProxyRules
    ) -> [(route: DraftRoute, backend: HAProxySection)] {
        var targets: [(DraftRoute, HAProxySection)] = []
        func add(_ matches: [DraftMatch], _ backend: HAProxySection?, at position: SourcePosition) {
            guard let backend, let dial = dial(backend) else { return }
            for match in matches { targets.append((DraftRoute(match: match, dial: dial, position: position), backend)) }
        }
        for line in proxy.lines where line.keyword == "use_backend" {
            guard let name = line.words.first, let matches = rules.acls.condition(line.words.dropFirst()) else {
                continue
            }
            add(matches, backend(name), at: line.position)
        }
        if let line = proxy.last("default_backend"), let name = line.words.first {
            add([.always], backend(name), at: line.position)
        } else if proxy.kind == "listen",
            proxy.lines.contains(where: { ["server", "server-template"].contains($0.keyword) })
        {
            add([.always], proxy, at: proxy.position)
        }
        return targets
    }

    private func backend(_ name: SourceWord) -> HAProxySection? {
        if name.text.contains("%[") {
            return findings.refuse(name.text, .perConnection, at: name.position)
        }
        guard let backend = backends[name.text] else {
            return findings.refuse("there is no backend \(name.text.quoted)", at: name.position)
        }
        if let line = backend.disabled {
            findings.refuse("\(name.text.quoted) is disabled, and passed to; remove one of both", at: line.position)
        }
        if !backend.isTCP {
            findings.refuse(
                "the backend \(name.text.quoted) is in HTTP mode; Tailwart speaks no HTTP", at: name.position)
        }
        for line in backend.all where ["tcp-request", "tcp-response"].contains(line.keyword) {
            findings.refuse(line.keyword, .content, at: line.position)
        }
        return backend
    }

    private func header(_ binds: [SourceBind], _ rules: HAProxyRules) -> DraftHeader? {
        let accepting = findings.expectsHeader(binds)
        guard let position = accepting ?? rules.expected?.position else { return nil }
        return DraftHeader(
            peers: Peers(allowed: rules.expected?.networks), position: position,
            naming: "let in those who send one with 'tcp-request connection expect-proxy layer4 if { src … }', or with "
                + "'tcp-request connection reject if !{ src … }'",
            others: accepting == nil ? "takes connections from others, without a PROXY header" : nil,
            takesEverybody: true)
    }

    private func readTimeouts(
        _ proxy: HAProxySection, _ backends: [HAProxySection], _ rules: HAProxyRules, into listener: inout DraftListener
    ) {
        // The tunnel's timeout takes the place of the other two; of those the shorter ends the connection.
        let sections = backends.isEmpty ? [proxy] : backends
        let tunnels = sections.compactMap { $0.last("timeout", "tunnel") }
        let sides = [proxy.last("timeout", "client")] + sections.map { $0.last("timeout", "server") }
        for line in tunnels.isEmpty ? sides.compactMap(\.self) : tunnels {
            guard let limit = duration(line) else { continue }
            if let shorter = listener.idle?.time, shorter <= limit.time { continue }
            listener.idle = limit
        }
        listener.hello = duration(rules.inspectDelay)
        listener.halfClosed = duration(proxy.last("timeout", "client-fin")).map { time, position in
            findings.fit(time, in: Allowed.halfClosed, "'timeout client-fin'", at: position)
        }
    }
}
