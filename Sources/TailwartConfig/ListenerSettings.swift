import TailwartCore

/// What a listener and `defaults` take in the same words.
struct ListenerSettings {
    enum ProxyProtocol {
        case inherited
        case off
        case required(ProxyProtocolIn)
    }

    var connect: Duration?
    var hello: Duration?
    var idle: Duration?
    var halfClosed: Duration?
    var proxyProtocolIn = ProxyProtocol.inherited
    var maxConnections: Int?

    init() {}

    init(_ reader: inout MappingReader) {
        let timeouts = ValueType<ListenerSettings>.mapping("'timeouts'") { reader in
            var settings = ListenerSettings()
            settings.connect = reader.value("connect", .duration(Allowed.connect))
            settings.hello = reader.value("hello", .duration(Allowed.hello))
            settings.idle = reader.value("idle", .duration(Allowed.idle))
            settings.halfClosed = reader.value("half_closed", .duration(Allowed.halfClosed))
            return settings
        }
        self = reader.value("timeouts", timeouts) ?? ListenerSettings()
        proxyProtocolIn = reader.value("proxy_protocol_in", .proxyProtocolIn) ?? .inherited
        maxConnections = reader.value("max_connections", .integer(Allowed.maxConnections))
    }

    /// A listener with these settings, then those of `defaults`, then those of the protocol.
    func listener(
        name: String, bind: [BindAddress], proto: ListenerProtocol, routes: [RouteConfiguration],
        defaults: ListenerSettings
    ) -> ListenerConfiguration {
        var timeouts = Timeouts(for: proto)
        timeouts.connect = connect ?? defaults.connect ?? timeouts.connect
        timeouts.hello = hello ?? defaults.hello ?? timeouts.hello
        timeouts.idle = idle ?? defaults.idle ?? timeouts.idle
        timeouts.halfClosed = halfClosed ?? defaults.halfClosed ?? timeouts.halfClosed
        let proxyProtocolIn: ProxyProtocolIn? =
            switch (self.proxyProtocolIn, defaults.proxyProtocolIn) {
            case (.required(let own), _): own
            case (.inherited, .required(let inherited)): inherited
            case (.inherited, _), (.off, _): nil
            }
        return ListenerConfiguration(
            name: name, bind: bind, proto: proto, routes: routes, timeouts: timeouts, proxyProtocolIn: proxyProtocolIn,
            maxConnections: maxConnections ?? defaults.maxConnections)
    }
}

extension ValueType<ListenerSettings.ProxyProtocol> {
    static var proxyProtocolIn: ValueType {
        .scalar("off, or a mapping such as {trusted: [192.0.2.1]}") { text throws(Complaint) in
            guard text == "off" else { throw Complaint() }
            return .off
        }
        .orMapping(
            .mapping("'proxy_protocol_in'") { reader in
                let trusted = reader.required(
                    "trusted", .list(of: .network, "a list of networks such as [192.0.2.1]"),
                    example: "trusted: [192.0.2.1]")
                let timeout = reader.value("timeout", .duration(ProxyProtocolIn.timeoutRange))
                return trusted.map {
                    .required(ProxyProtocolIn(trusted: $0, timeout: timeout ?? ProxyProtocolIn.defaultTimeout))
                }
            })
    }
}
