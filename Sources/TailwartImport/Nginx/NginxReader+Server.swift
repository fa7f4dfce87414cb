import TailwartCore
import TailwartWire

extension NginxReader {
    /// One `server` of the stream block; nil if something was refused.
    mutating func listener(
        _ directives: [NginxDirective], shared: NginxSettings, at place: SourcePlace
    ) -> DraftListener? {
        var settings = shared
        var listens: [NginxDirective] = []
        var pass: NginxDirective?
        for directive in directives {
            switch directive.name.text {
            case "listen": listens.append(directive)
            case "proxy_pass": pass = directive
            case "set": readConstant(directive)
            default: settings.read(directive, isServer: true)
            }
        }
        for (directive, reason) in settings.refused {
            findings.refuse("\(directive.name.text.quoted): \(reason)", at: directive.place)
        }
        guard let pass, let destination = pass.words.first, pass.words.count == 1 else {
            findings.refuse(
                "there is no 'proxy_pass' here; only servers that pass connections on can be imported", at: place)
            return nil
        }
        if listens.isEmpty {
            findings.refuse("there is no 'listen' here, so no address to listen on; add one", at: place)
        }
        let binds = listens.flatMap { self.binds($0) }
        noteFamilies(binds, at: listens.first?.place ?? place)
        let expectsHeader = listens.contains { $0.texts.contains("proxy_protocol") }

        let (header, inbound) = headers(settings, expectsHeader: expectsHeader, listen: listens.first?.place ?? place)
        let timeout = connectTimeout(settings)
        guard let routes = routes(to: destination, settings, header: header, connectTimeout: timeout) else {
            return nil
        }
        checkBind(settings.bind)
        var listener = DraftListener(name: nil, binds: binds, routes: access(settings.access) + routes, place: place)
        listener.proxyProtocolIn = inbound
        if inbound != nil, settings.realIP.isEmpty { readPeers(settings.access, routes, into: &listener) }
        if let directive = settings.prereadTimeout {
            listener.hello = duration(directive).map { ($0, directive.place) }
        }
        readTimeout(settings, into: &listener)
        return listener
    }

    private mutating func readConstant(_ directive: NginxDirective) {
        guard directive.words.count == 2, directive.words[0].text.hasPrefix("$"), !directive.words[1].text.contains("$")
        else {
            return findings.refuse("only 'set $name value' without other variables is understood", at: directive.place)
        }
        constants[Self.variableName(directive.words[0].text)] = directive.words[1].text
    }

    /// `listen 25` is IPv4 alone.
    private func noteFamilies(_ binds: [BindAddress], at place: SourcePlace) {
        guard binds.contains(where: { $0.ip == .anyV4 }),
            !binds.contains(where: { $0.ip?.isV4 == false || $0.ip == nil && $0.port != nil })
        else {
            return
        }
        findings.noteFamily(in: "nginx", at: place)
    }

    /// The PROXY header for the upstream, and the one that clients must send.
    private func headers(
        _ settings: NginxSettings, expectsHeader: Bool, listen: SourcePlace
    ) -> (ProxyProtocolOut, ProxyProtocolIn?) {
        var header = Defaults.proxyProtocol
        let sends = settings.proxyProtocol?.texts == ["on"]
        if sends {
            header.version = settings.proxyProtocolVersion?.texts == ["2"] ? .v2 : .v1
            if header.version == .v1, let place = settings.proxyProtocol?.place {
                findings.note(
                    "nginx before 1.31.4 sends version 1 of the PROXY header only; imported as it is: a mailbox that reads both may "
                        + "get v2", at: place)
            }
        }
        guard expectsHeader else { return (header, nil) }
        let trusted = settings.realIP.flatMap(\.texts).compactMap { text in
            text == "unix:" ? nil : Network(foreign: text)
        }
        if trusted.isEmpty, !sends {
            findings.note(
                "'proxy_protocol' behind 'listen' expects a header from every client and refuses those that send none, and nothing "
                    + "is passed on; imported as meant: the header goes to the upstream. If another proxy stands in front of this "
                    + "one, add 'proxy_protocol_in' with its addresses instead", at: listen)
            return (ProxyProtocolOut(.v1), nil)
        }
        return (header, ProxyProtocolIn(trusted: trusted.isEmpty ? findings.trustAnybody(at: listen) : trusted))
    }

    /// Nil where nothing else than ours is said.
    private func connectTimeout(_ settings: NginxSettings) -> Duration? {
        guard let directive = settings.connectTimeout, let timeout = duration(directive) else { return nil }
        let allowed = timeout.within(Allowed.connect, "'proxy_connect_timeout'", at: directive.place, findings)
        return allowed == Timeouts.defaultConnect ? nil : allowed
    }

    private func readTimeout(_ settings: NginxSettings, into listener: inout DraftListener) {
        guard let directive = settings.timeout else {
            // nginx's default, and what the protocols of the ports have.
            if listener.proto.isMail {
                findings.note(
                    "nginx ends connections after 10 minutes of silence, its default, and mail has longer ones (IMAP IDLE 29 "
                        + "minutes); here the defaults of the protocols are longer", at: listener.place)
            }
            return
        }
        listener.idle = duration(directive).map { ($0, directive.place) }
    }

    /// `allow` and `deny`: the first that holds decides, and after an end without one all are let in.
    private func access(_ directives: [NginxDirective]) -> [DraftRoute] {
        var routes: [DraftRoute] = []
        var allowed: [Network] = []
        for directive in directives {
            guard let text = directive.words.first?.text, directive.words.count == 1 else {
                findings.refuse("one network should follow", at: directive.place)
                continue
            }
            let isAllow = directive.name.text == "allow"
            if text == "all" {
                if !isAllow {
                    let match = allowed.isEmpty ? DraftMatch.always : DraftMatch(not: [DraftMatch(clients: allowed)])
                    routes.append(DraftRoute(match: match, place: directive.place))
                }
                return routes
            }
            if text == "unix:" { continue }
            guard let network = findings.network(text, at: directive.place) else { continue }
            if isAllow {
                allowed.append(network)
            } else {
                var match = DraftMatch(clients: [network])
                if !allowed.isEmpty { match.not = [DraftMatch(clients: allowed)] }
                routes.append(DraftRoute(match: match, place: directive.place))
            }
        }
        return routes
    }

    /// Without `set_real_ip_from`, `allow` and `deny` are about who sends the PROXY header.
    private func readPeers(_ access: [NginxDirective], _ routes: [DraftRoute], into listener: inout DraftListener) {
        guard let place = access.first?.place else { return }
        let allowed = access.filter { $0.name.text == "allow" }.flatMap(\.texts).compactMap {
            Network(foreign: $0)
        }
        listener.routes = routes
        guard access.last?.texts == ["all"], access.dropLast().allSatisfy({ $0.name.text == "allow" }), !allowed.isEmpty
        else {
            return findings.refuse(
                "whom to trust must be named here, not whom to distrust; let in those who send a PROXY header with 'allow', and "
                    + "end with 'deny all'", at: place)
        }
        listener.proxyProtocolIn?.trusted = allowed
    }

    /// The address to dial from. On a tailnet the kernel chooses no other.
    private func checkBind(_ directive: NginxDirective?) {
        guard let directive, directive.texts != ["off"] else { return }
        findings.checkSource(
            directive.texts.count == 1 ? directive.texts[0] : nil, "proxy_bind", at: directive.place,
            else:
                "the address to dial from cannot be chosen here; a PROXY header tells the client's address, and the routing "
                + "table chooses this host's")
    }

    func duration(_ directive: NginxDirective) -> Duration? {
        if let duration = ForeignDuration.nginx(directive.texts.joined(separator: " ")) { return duration }
        findings.refuse("a duration such as 30s should stand here, not \(directive.texts.listed)", at: directive.place)
        return nil
    }
}
