import TailwartCore
import TailwartWire

/// `mailbox` and `web`: one mail server, and a web server for every other name on 443.
extension ConfigurationLoader {
    func readShortForm(_ reader: inout MappingReader) {
        // Before the mailbox, whose listener on 443 wants to know whether there is a web server.
        let web = reader.value("web", web, about: "The web server on this host, which gets everything else on 443.")
        if let web { upstreams.append(web) }
        if let position = reader.keyPosition(of: "web") { positions[.upstream("web")] = position }
        let fix = "add 'mailbox', or describe it under 'upstreams' and 'listeners'"
        reader.check("web", needs: "mailbox", message: "'web' needs 'mailbox'; \(fix)")
        if let position = reader.keyPosition(of: "mailbox") { positions[.upstream("mailbox")] = position }
        _ = reader.value(
            "mailbox", mailbox(webPosition: reader.keyPosition(of: "web")),
            about: "The mail server, its ports and its domains: all that most edges need.")
    }

    private var web: ValueType<Upstream> {
        ValueType<Endpoint>.endpoint
            .map { Upstream(name: "web", endpoints: [$0]) }
            .orMapping(
                .mapping("'web'") { [self] reader in
                    let endpoints = endpoints(.endpoint, from: &reader, example: "127.0.0.1:8443")
                    return upstream(named: "web", endpoints: endpoints, from: &reader)
                })
    }

    private func mailbox(webPosition: TextPosition?) -> ValueType<Void> {
        .mapping("'mailbox'") { [self] reader in
            let host = ValueType<Endpoint.Host>.host.map { Endpoint($0) }
            let endpoints = endpoints(host, from: &reader, example: "mail.example.net")
            let upstream = upstream(
                named: "mailbox", endpoints: endpoints, from: &reader, proxyProtocol: Defaults.mailboxProxyProtocol,
                hold: Defaults.mailboxHold)
            if let upstream { upstreams.insert(upstream, at: 0) }

            let addresses = reader.value(
                "bind", .list(of: .ownAddress, "a list of IP addresses such as [192.0.2.1]"),
                about: "Which of the host's addresses are for mail, by default all.")
            let position = reader.position
            let ports = reader.value(
                "ports", .ports, or: Defaults.mailboxPorts.map { MailboxPort($0, at: position) },
                about: "Which ports to listen on, by default \(Defaults.mailboxPorts); a mapping dials other ports.")
            for port in ports { add(port, on: addresses) }

            let domains = reader.value(
                "domains", .list(of: .domain, "a list of domains such as [example.org]"),
                about: "The mail domains. They create the listener on 443.")
            let https = reader.value("https", .https, about: "Details of the listener on 443.")
            let fix = "needs the mail domains, which create the listener on 443; add 'domains' to 'mailbox'"
            reader.check("https", needs: "domains", message: "'https' \(fix)")
            if let domainsPosition = reader.keyPosition(of: "domains") {
                let names = Defaults.httpsNames(of: upstream?.hostname, domains ?? [])
                add(https ?? .init(), names: names, on: addresses, webPosition: webPosition, at: domainsPosition)
            } else if let webPosition {
                reader.note(missing: ["domains"], "'web' \(fix)", at: webPosition)
            }
            return ()
        }
    }

    /// The endpoints of the short form: `address`, or `endpoints` as in the general form.
    private func endpoints(
        _ endpoint: ValueType<Endpoint>, from reader: inout MappingReader, example: String
    ) -> [Endpoint]? {
        let address = reader.value("address", endpoint, about: "Where it is.").map { [$0] }
        let endpoints = reader.value("endpoints", .endpoints(endpoint), about: "Where it is, if in several places.")
        reader.checkExactlyOne(
            of: "address", isShortFor: "one endpoint", or: "endpoints", example: "address: \(example)")
        return address ?? endpoints
    }

    private func add(_ port: MailboxPort, on addresses: [IPAddress]?) {
        let proto = ListenerProtocol(listen: port.listen, dial: port.dial)
        let isUsual = ListenerProtocol(wellKnownPort: port.listen) == proto
        let target = Route.Target.upstream("mailbox", port: port.dial == port.listen ? nil : port.dial)
        add(
            name: isUsual ? proto.rawValue : "\(proto.rawValue)-\(port.listen)", port: port.listen, on: addresses,
            proto: proto, routes: [Route(to: target)], at: port.position)
    }

    private func add(
        _ https: MailboxHTTPS, names derived: [ServerNamePattern], on addresses: [IPAddress]?,
        webPosition: TextPosition?,
        at position: TextPosition
    ) {
        let names = (derived + https.names).withoutRepeats
        let routes = [
            Route(
                match: RouteMatch(serverNames: names), to: .upstream("mailbox", port: https.port),
                proxyProtocol: https.proxyProtocol),
            Route(to: webPosition == nil ? .close : .upstream("web", port: nil)),
        ]
        let position = https.position ?? position
        add(name: "https", port: https.listen, on: addresses, proto: .https, routes: routes, at: position)
        positions[.routeProxyProtocol(listener: listeners.count - 1, route: 0)] = position
        positions[.target(listener: listeners.count - 1, route: 1)] = webPosition ?? position
    }

    /// Adds a listener; all of its parts stand in the same position.
    private func add(
        name: String, port: UInt16, on addresses: [IPAddress]?, proto: ListenerProtocol, routes: [Route],
        at position: TextPosition
    ) {
        guard listeners.count < Allowed.bindAddresses.upperBound else {
            problems.error("more than \(Allowed.bindAddresses.upperBound) addresses to listen on", at: .start)
            return
        }
        guard !listeners.contains(where: { $0.bind.contains { $0.port == port } }) else {
            problems.error("the mailbox's port \(port) has a listener already; keep one of them", at: position)
            return
        }
        let bind = addresses?.map { BindAddress.internet(InternetAddress($0, port: port)) } ?? [.any(port: port)]
        let number = listeners.count
        positions[.listener(number)] = position
        for index in bind.indices { positions[.bind(listener: number, index)] = position }
        for index in routes.indices {
            positions[.route(listener: number, index)] = position
            positions[.target(listener: number, route: index)] = position
        }
        listeners.append(
            ListenerSettings().listener(name: name, bind: bind, proto: proto, routes: routes, defaults: defaults))
    }
}
