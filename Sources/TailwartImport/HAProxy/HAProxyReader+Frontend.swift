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

    private static let options = WordTable(
        harmless: """
            abortonclose allbackups checkcache clitcpka srvtcpka tcpka contstats dontlog-normal dontlognull forwardfor
            originalto httpchk httpclose httplog httpslog tcplog nolinger persist redispatch prefer-last-server socket-stats
            splice-auto splice-request splice-response tcp-smart-accept tcp-smart-connect independent-streams
            idle-close-on-response external-check tcp-check smtpchk mysql-check pgsql-check redis-check ldap-check spop-check
            ssl-hello-chk disable-h2-upgrade
            """, refused: ["transparent": .perConnection, "http_proxy": .perConnection],
        details: ["http-", "h1-", "h2-", "accept-", "log"])

    /// One for each kind of address: those that expect a header and those that do not, and each port where conditions ask for it.
    func listeners(_ proxy: HAProxySection) -> [DraftListener] {
        if let condition = proxy.firstCondition { refuse(condition) }
        for line in proxy.all where !isReadWithServers(line, of: proxy) {
            Self.keywords.read(line.keyword, at: line.position, findings)
            if line.keyword == "option", let word = line.words.first {
                Self.options.read(word.text, at: word.position, findings)
            }
        }
        let lines = proxy.lines.filter { $0.keyword == "bind" }
        let own = proxy.address.map { [SourceStatement(name: $0, words: [$0])] } ?? []
        let binds = (own + lines).flatMap { self.binds($0) }
        findings.noteFamilies(binds)
        let asksForPort = proxy.all.contains { $0.texts.contains { $0.hasPrefix("dst_port") } }
        var groups: [[SourceBind]] = []
        for bind in binds {
            let same = groups.firstIndex { group in
                group[0].expectsHeader == bind.expectsHeader
                    && (!asksForPort || group[0].address.port == bind.address.port)
            }
            if let same { groups[same].append(bind) } else { groups.append([bind]) }
        }
        var listeners: [DraftListener] = []
        for group in groups.isEmpty ? [[]] : groups {
            let listener = listener(proxy, group, port: asksForPort ? group.first?.address.port : nil)
            let same = listeners.firstIndex { other in
                other.header?.position == listener.header?.position
                    && other.routes.elementsEqual(listener.routes) {
                        $0.match == $1.match && $0.upstream == $1.upstream && $0.isBeforeHeader == $1.isBeforeHeader
                    }
            }
            if let same { listeners[same].binds += listener.binds } else { listeners.append(listener) }
        }
        return listeners
    }

    private func listener(_ proxy: HAProxySection, _ binds: [SourceBind], port: UInt16?) -> DraftListener {
        let rules = HAProxyRules(proxy.all, files, port: port)
        let targets = targets(of: proxy, rules, port: port)
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

    private func header(_ binds: [SourceBind], _ rules: HAProxyRules) -> DraftHeader? {
        let accepting = findings.expectsHeader(binds)
        guard let position = accepting ?? rules.expected?.position else { return nil }
        let expected = rules.expected.flatMap { $0.isForAll ? nil : $0.networks }
        return DraftHeader(
            peers: Peers(allowed: expected), position: position,
            naming: "let in those who send one with 'tcp-request connection expect-proxy layer4 if { src … }', or with "
                + "'tcp-request connection reject if !{ src … }'",
            others: accepting == nil || expected == nil
                ? nil : "takes a header from everybody, by 'accept-proxy', whatever 'expect-proxy' names",
            servesOthers: accepting == nil && expected != nil, takesEverybody: true)
    }

    private func readTimeouts(
        _ proxy: HAProxySection, _ backends: [HAProxySection], _ rules: HAProxyRules, into listener: inout DraftListener
    ) {
        // The tunnel's timeout takes the place of the other two; of those the shorter ends the connection.
        let sections = backends.isEmpty ? [proxy] : backends
        // One of 0 is as if it were not there.
        let tunnels = sections.compactMap { $0.last("timeout", "tunnel") }.filter {
            ForeignDuration.haproxy($0.texts.last ?? "") != .zero
        }
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
