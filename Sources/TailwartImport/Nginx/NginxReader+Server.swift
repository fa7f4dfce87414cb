import TailwartCore
import TailwartWire

extension NginxReader {
    /// Words behind the address of `listen`.
    private static let listenWords = WordTable(
        harmless: """
            reuseport bind deferred multipath default_server backlog rcvbuf sndbuf so_keepalive fastopen setfib accept_filter
            proxy_protocol ipv6only
            """, refused: ["ssl": .endsTLS, "udp": .datagrams, "quic": .datagrams])

    /// One `server` of the stream block: a listener, or two where some addresses expect a PROXY header and some do not.
    func listeners(
        _ directives: [SourceStatement], shared: [SourceStatement], at position: SourcePosition
    ) -> [DraftListener?] {
        let settings = NginxSettings(shared: shared, own: directives)
        let binds = directives.filter { $0.keyword == "listen" }.flatMap { self.binds($0) }
        settings.sayRest(findings)
        let kinds = binds.map(\.expectsHeader).withoutRepeats
        return (kinds.isEmpty ? [false] : kinds).map { kind in
            listener(directives, settings, binds.filter { $0.expectsHeader == kind }, at: position)
        }
    }

    private func listener(
        _ directives: [SourceStatement], _ settings: NginxSettings, _ binds: [SourceBind], at position: SourcePosition
    ) -> DraftListener? {
        guard let destination = directives.last(where: { $0.keyword == "proxy_pass" })?.onlyWord else {
            return findings.refuse(
                "there is no 'proxy_pass' here; only servers that pass connections on can be imported", at: position)
        }
        findings.noteFamilies(binds)
        // Without `set_real_ip_from` they are about who sends a header.
        let access = access(settings.access, isBeforeHeader: settings.realIP.isEmpty)
        let (header, inbound) = headers(settings, binds)
        let timeout = findings.connectTimeout(duration(settings["proxy_connect_timeout"]), "'proxy_connect_timeout'")
        guard var targets = routes(to: destination, isPreread: settings.isOn("ssl_preread")) else { return nil }
        for index in targets.indices {
            targets[index].dial?.upstream.proxyProtocol = header
            targets[index].dial?.upstream.connectTimeout = timeout
        }
        var listener = DraftListener(
            name: nil, binds: binds.map(\.address), routes: access + targets, position: position)
        listener.header = inbound
        listener.hello = duration(settings["preread_timeout"])
        listener.idle = duration(settings["proxy_timeout"])
        if settings["proxy_timeout"] == nil {
            findings.note(
                "nginx ends connections after 10 minutes of silence, its default, and mail has longer ones (IMAP IDLE 29 "
                    + "minutes); here the defaults of the protocols are longer", at: position)
        }
        return listener
    }

    /// What one `listen` stands for: several addresses for a range of ports.
    private func binds(_ listen: SourceStatement) -> [SourceBind] {
        guard let word = listen.words.first, var address = address(word) else { return [] }
        for word in listen.words.dropFirst() {
            Self.listenWords.read(String(word.text.prefix { $0 != "=" }), at: word.position, findings)
        }
        // A port alone is all IPv4 addresses.
        if !address.text.contains(":"), variables.ports(address.text) != nil { address.text = ":\(address.text)" }
        let expectsHeader = listen.texts.contains("proxy_protocol")
        return findings.binds(address, expectsHeader: expectsHeader, at: listen.position) { host in
            switch host {
            case "": "0.0.0.0"
            case "::" where listen.texts.contains("ipv6only=off"): ""
            default: host
            }
        }
    }

    /// The PROXY header for the upstream, and the one that clients must send.
    private func headers(_ settings: NginxSettings, _ binds: [SourceBind]) -> (ProxyProtocolOut, DraftHeader?) {
        var header = Defaults.proxyProtocol
        if let directive = settings["proxy_protocol"], settings.isOn("proxy_protocol") {
            header.version = settings["proxy_protocol_version"]?.texts == ["2"] ? .v2 : .v1
            if header.version == .v1 {
                findings.note(
                    "nginx before 1.31.4 sends version 1 of the PROXY header only; imported as it is: a mailbox that reads both may "
                        + "get v2", at: directive.position)
            }
        }
        guard let position = findings.expectsHeader(binds) else { return (header, nil) }
        let believesNobody = settings.realIP.isEmpty
        if believesNobody, header != Defaults.proxyProtocol {
            findings.refuse(
                "without 'set_real_ip_from' nginx demands a PROXY header of every client and believes none: it tells the upstream "
                    + "the address of the proxy in front, and here that would be what the header says; name the proxies in front "
                    + "under 'set_real_ip_from', or remove 'proxy_protocol' behind 'listen' if there are none",
                at: position)
            return (header, nil)
        }
        let networks = settings.realIP.filter { $0.texts != ["unix:"] }.compactMap(network)
        return (
            header,
            DraftHeader(
                peers: Peers(allowed: networks), position: position,
                naming: "list them under 'set_real_ip_from'"
                    + (believesNobody
                        ? ", or let in only those with 'allow'. nginx demands a header of every client here and passes none on: if it "
                            + "was meant for the upstream, write 'proxy_protocol on;' and remove 'proxy_protocol' behind 'listen'"
                        : ""),
                others: believesNobody
                    ? nil : "takes connections from others, with a header that it does not believe")
        )
    }

    /// `allow` and `deny`: the first that holds decides, and after an end without one all are let in.
    private func access(_ directives: [SourceStatement], isBeforeHeader: Bool) -> [DraftRoute] {
        var routes: [DraftRoute] = []
        var rules = ClosingRules()
        for directive in directives where directive.texts != ["unix:"] {
            let isForAll = directive.texts == ["all"]
            let network = isForAll ? nil : network(directive)
            guard isForAll || network != nil else { continue }
            let match = DraftMatch(clients: [network].compactMap(\.self))
            if directive.keyword == "allow" {
                rules.letIn([match])
            } else if let rest = rules.rest(of: match, at: directive.position, findings) {
                routes.append(DraftRoute(match: rest, position: directive.position, isBeforeHeader: isBeforeHeader))
            }
            if isForAll { break }
        }
        return routes
    }

    private func network(_ directive: SourceStatement) -> Network? {
        findings.network(directive.onlyWord?.text ?? "", at: directive.position)
    }
}
