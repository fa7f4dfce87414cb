import TailwartCore
import TailwartWire

/// `mailbox` and `web`: one mail server, and a web server for every other name on 443.
extension ConfigurationLoader {
    func readShortForm(_ reader: inout MappingReader) {
        // Before the mailbox, whose listener on 443 wants to know whether there is a web server.
        let web = reader.value("web", web)
        if let web { upstreams.append(web) }
        if let place = reader.keyPlace(of: "web") {
            places[.upstream("web")] = place
            if !reader.has("mailbox") {
                let fix = "add 'mailbox', or describe it under 'upstreams' and 'listeners'"
                problems.error("'web' stands only beside 'mailbox'; \(fix)", at: place)
            }
        }
        if let place = reader.keyPlace(of: "mailbox") { places[.upstream("mailbox")] = place }
        _ = reader.value("mailbox", mailbox(webPlace: reader.keyPlace(of: "web")))
    }

    private var web: ValueType<UpstreamConfiguration> {
        ValueType<EndpointConfiguration>.endpoint
            .map { UpstreamConfiguration(name: "web", endpoints: [$0]) }
            .orMapping(
                .mapping("'web'") { [self] reader in
                    let address = reader.value("address", .endpoint).map { [$0] }
                    return upstream(
                        named: "web", endpoints: endpoints(address: address, from: &reader, example: "127.0.0.1:8443"),
                        from: &reader)
                })
    }

    private func mailbox(webPlace: Place?) -> ValueType<Void> {
        .mapping("'mailbox'") { [self] reader in
            let address = reader.value("address", .host).map { [EndpointConfiguration($0)] }
            let endpoints = endpoints(address: address, from: &reader, example: "mail.example.net")
            if let place = reader.place(of: "endpoints"),
                endpoints?.contains(where: { $0.port != nil || $0.text.hasPrefix("unix:") }) == true
            {
                let fix = "leave out the port; 'ports: {25: 2525}' dials another one"
                problems.error("a mailbox is reached on several ports; \(fix)", at: place)
            }
            let upstream = upstream(
                named: "mailbox", endpoints: endpoints, from: &reader, proxyProtocol: Defaults.mailboxProxyProtocol)
            if let upstream { upstreams.insert(upstream, at: 0) }

            let addresses = reader.value("bind", .list(of: .address, "a list of IP addresses such as [192.0.2.1]"))
            let place = reader.place
            for port in reader.value("ports", .ports) ?? Defaults.mailboxPorts.map({ MailboxPort($0, at: place) }) {
                add(port, on: addresses)
            }

            let domains = reader.value("domains", .list(of: .domain, "a list of domains such as [example.org]"))
            let https = reader.value("https", .https)
            if reader.has("domains") {
                add(
                    https ?? .init(), domains: domains ?? [], on: addresses, webPlace: webPlace,
                    at: reader.keyPlace(of: "domains") ?? place)
            } else {
                let fix = "add 'domains' to 'mailbox'"
                for (key, keyPlace) in [("https", reader.keyPlace(of: "https")), ("web", webPlace)] {
                    guard let keyPlace else { continue }
                    problems.error(
                        "\(key.quoted) needs the mail domains, without which there is no 443; \(fix)", at: keyPlace)
                }
            }
            return ()
        }
    }

    /// The endpoints of the short form: `address`, or `endpoints` as in the general form.
    private func endpoints(
        address: [EndpointConfiguration]?, from reader: inout MappingReader, example: String
    ) -> [EndpointConfiguration]? {
        let endpoints = reader.value("endpoints", .endpoints)
        switch (reader.keyPlace(of: "address"), reader.keyPlace(of: "endpoints")) {
        case (_?, let place?):
            problems.error("'address' is short for one endpoint; keep either 'address' or 'endpoints'", at: place)
        case (nil, nil):
            problems.error("'address' is missing, for instance 'address: \(example)'", at: reader.place)
        default:
            break
        }
        return address ?? endpoints
    }

    private func add(_ port: MailboxPort, on addresses: [IPAddress]?) {
        let proto =
            ListenerProtocol(wellKnownPort: port.listen) ?? ListenerProtocol(wellKnownPort: port.dial) ?? .tcp
        let isUsual = ListenerProtocol(wellKnownPort: port.listen) == proto
        let target = RouteConfiguration.Target.upstream("mailbox", port: port.dial == port.listen ? nil : port.dial)
        add(
            name: isUsual ? proto.rawValue : "\(proto.rawValue)-\(port.listen)", port: port.listen, on: addresses,
            proto: proto, routes: [RouteConfiguration(to: target)], at: port.place)
    }

    private func add(
        _ https: MailboxHTTPS, domains: [String], on addresses: [IPAddress]?, webPlace: Place?, at place: Place
    ) {
        let derived = domains.flatMap { domain in
            Defaults.httpsNamePrefixes.compactMap { ServerNamePattern("\($0).\(domain)") }
        }
        let names = (derived + https.names).withoutRepeats
        let routes = [
            RouteConfiguration(
                match: RouteMatch(serverNames: names), to: .upstream("mailbox", port: https.port),
                proxyProtocol: https.proxyProtocol),
            RouteConfiguration(to: webPlace == nil ? .close : .upstream("web", port: nil)),
        ]
        let place = https.place ?? place
        add(name: "https", port: https.listen, on: addresses, proto: .https, routes: routes, at: place)
        places[.routeProxyProtocol(listener: listeners.count - 1, route: 0)] = place
        places[.target(listener: listeners.count - 1, route: 1)] = webPlace ?? place
    }

    /// Adds a listener; all of its parts stand in the same place.
    private func add(
        name: String, port: UInt16, on addresses: [IPAddress]?, proto: ListenerProtocol, routes: [RouteConfiguration],
        at place: Place
    ) {
        guard listeners.count < Allowed.bindAddresses.upperBound else {
            problems.error("more than \(Allowed.bindAddresses.upperBound) addresses to listen on", at: .start)
            return
        }
        guard !listeners.contains(where: { $0.bind.contains { $0.port == port } }) else {
            problems.error("the mailbox's port \(port) is listened on already; keep one of them", at: place)
            return
        }
        let bind = addresses?.map { BindAddress.internet(InternetAddress($0, port: port)) } ?? [.any(port: port)]
        let number = listeners.count
        places[.listener(number)] = place
        for index in bind.indices { places[.bind(listener: number, index)] = place }
        for index in routes.indices {
            places[.route(listener: number, index)] = place
            places[.target(listener: number, route: index)] = place
        }
        listeners.append(
            ListenerSettings().listener(name: name, bind: bind, proto: proto, routes: routes, defaults: defaults))
    }
}

/// A port that is listened on, and the port of the mailbox that is dialled for it.
struct MailboxPort {
    let listen: UInt16
    let dial: UInt16
    let place: Place

    init(_ listen: UInt16, dial: UInt16? = nil, at place: Place) {
        self.listen = listen
        self.dial = dial ?? listen
        self.place = place
    }
}

extension ValueType<[MailboxPort]> {
    fileprivate static var ports: ValueType {
        ValueType<[Located<UInt16>]>
            .list(of: .located(.port), "a list of ports such as [25, 465], or a mapping such as {2525: 25}")
            .map { $0.map { MailboxPort($0.value, at: $0.place) } }
            .orMapping(
                ValueType(name: "a mapping") { node, label, problems in
                    guard case .mapping(let entries) = node.content else { return nil }
                    if entries.isEmpty {
                        problems.error("\(label) is empty; leave it out for \(Defaults.mailboxPorts)", at: node.place)
                    }
                    return entries.compactMap { entry in
                        let key = YAMLNode(.text(entry.key), at: entry.keyPlace)
                        let listen = ValueType<UInt16>.port.read(key, "each key of \(label)", problems)
                        let dial = ValueType<UInt16>.port.read(entry.value, "each value of \(label)", problems)
                        guard let listen, let dial else { return nil }
                        return MailboxPort(listen, dial: dial, at: entry.keyPlace)
                    }
                })
    }
}

/// What `mailbox.https` says.
struct MailboxHTTPS {
    var listen = Defaults.httpsPort
    var port = Defaults.httpsPort
    var names: [ServerNamePattern] = []
    var proxyProtocol = Defaults.proxyProtocol
    var place: Place?
}

extension ValueType<MailboxHTTPS> {
    fileprivate static var https: ValueType {
        .mapping("'https'") { reader in
            var https = MailboxHTTPS()
            https.listen = reader.value("listen", .port) ?? https.listen
            https.port = reader.value("port", .port) ?? https.port
            https.names =
                reader.value("names", .list(of: .serverName, "a list of server names such as [mail.example.org]")) ?? []
            https.proxyProtocol = reader.value("proxy_protocol", .proxyProtocol) ?? https.proxyProtocol
            https.place = reader.keyPlace(of: "proxy_protocol") ?? reader.place
            return https
        }
    }
}
