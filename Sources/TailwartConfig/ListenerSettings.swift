import TailwartCore
import TailwartWire

/// What a listener and `defaults` take in the same words.
struct ListenerSettings: Equatable, SettingsMapping {
    enum ProxyProtocol: Equatable {
        case inherited
        case off
        case required(ProxyProtocolIn)
    }

    struct Deadlines: Equatable {
        var connect: Duration?
        var hello: Duration?
        var idle: Duration?
        var halfClosed: Duration?
    }

    var deadlines = Deadlines()
    var proxyProtocolIn = ProxyProtocol.inherited
    var maxConnections: Int?
    /// Nil: nothing is said.
    var limits: Limits?
    var refusal = Refusal()

    init() {}

    static var settings: [Setting<ListenerSettings>] { settings(References(), showsDefaults: false) }

    /// The parameters are for what is written.
    static func settings(_ references: References, showsDefaults: Bool) -> [Setting<ListenerSettings>] {
        [
            Setting(
                "timeouts", \.deadlines, .settings("'timeouts'", over: Deadlines()), \.output,
                about: "How long to wait, and for what."),
            Setting(
                "proxy_protocol_in", \.proxyProtocolIn, .proxyProtocolIn,
                { $0.output(references, showsDefaults: showsDefaults) },
                about: "For an edge behind another proxy: a PROXY header is required from trusted networks only."),
            Setting(
                "max_connections", \.maxConnections, .integer(Allowed.maxConnections),
                about: "Of one listener, so that it cannot take all of the edge's."),
            Setting(
                "limits", \.limits, .listenerLimits, \.written,
                about:
                    "What one client may have: by default as its protocol asks for, of clients with a public address."),
            Setting(
                "refusal", \.refusal, .settings("'refusal'", over: Refusal()), \.output,
                about: "What a client is told when no upstream can be reached."),
        ]
    }

    /// A listener with these settings, then those of `defaults`, then those of the protocol.
    func listener(
        name: String, bind: [BindAddress], proto: ListenerProtocol, routes: [Route],
        defaults: ListenerSettings
    ) -> Listener {
        var timeouts = Timeouts(for: proto)
        timeouts.connect = deadlines.connect ?? defaults.deadlines.connect ?? timeouts.connect
        timeouts.hello = deadlines.hello ?? defaults.deadlines.hello ?? timeouts.hello
        timeouts.idle = deadlines.idle ?? defaults.deadlines.idle ?? timeouts.idle
        timeouts.halfClosed = deadlines.halfClosed ?? defaults.deadlines.halfClosed ?? timeouts.halfClosed
        let proxyProtocolIn: ProxyProtocolIn? =
            switch (self.proxyProtocolIn, defaults.proxyProtocolIn) {
            case (.required(let own), _): own
            case (.inherited, .required(let inherited)): inherited
            case (.inherited, _), (.off, _): nil
            }
        var limits: ListenerLimits?
        for written in [defaults.limits, self.limits] {
            if let written { limits = written.applied(to: limits ?? ListenerLimits(for: proto)) }
        }
        return Listener(
            name: name, bind: bind, proto: proto, routes: routes, timeouts: timeouts, proxyProtocolIn: proxyProtocolIn,
            maxConnections: maxConnections ?? defaults.maxConnections,
            limits: limits,
            refusal: Refusal(
                host: refusal.host ?? defaults.refusal.host, text: refusal.text ?? defaults.refusal.text))
    }
}

extension ListenerSettings.Deadlines: SettingsMapping {
    static var settings: [Setting<Self>] {
        [
            Setting(
                "connect", \.connect, .duration(Allowed.connect), about: "From dialling an address to its answer."),
            Setting(
                "hello", \.hello, .duration(Allowed.hello),
                about: "From the client's arrival to its whole TLS hello, where a route needs it."),
            Setting(
                "idle", \.idle, .duration(Allowed.idle),
                about: "Silence of both sides; by default more than the mail standards make servers allow."),
            Setting(
                "half_closed", \.halfClosed, .duration(Allowed.halfClosed),
                about: "Silence after one side has said that it is done."),
        ]
    }
}

extension Refusal: SettingsMapping {
    static var settings: [Setting<Refusal>] {
        [
            Setting(
                "host", \.host, .hostName,
                about: "The name that the edge gives itself; by default the host's own, if it has a dot."),
            Setting(
                "text", \.text, .refusalText,
                about: "What a person should know, behind a code that says: later. No quotes or backslashes."),
        ]
    }
}

extension ValueType<ListenerSettings.ProxyProtocol> {
    fileprivate static var proxyProtocolIn: ValueType {
        .off(.off, or: "{trusted: [192.0.2.1]}").orMapping(
            .mapping("'proxy_protocol_in'") { reader in
                let trusted = reader.required(
                    "trusted", .list(of: .network, "a list of networks such as [192.0.2.1]"),
                    example: "trusted: [192.0.2.1]", about: "Who may say who the client is, and has to.")
                let timeout = reader.value(
                    "timeout", .duration(ProxyProtocolIn.timeoutRange), or: ProxyProtocolIn.defaultTimeout,
                    about: "For the whole header.")
                let others = reader.value(
                    "others", ValueType<ProxyProtocolIn.Others>.word(), or: .close,
                    about:
                        "Clients that are not trusted: closed, or served as clients that come directly, without a header."
                )
                return trusted.map { .required(ProxyProtocolIn(trusted: $0, timeout: timeout, others: others)) }
            })
    }
}

extension ListenerSettings.ProxyProtocol {
    fileprivate func output(_ references: References, showsDefaults: Bool) -> YAMLOutput {
        guard case .required(let header) = self else { return .text("off") }
        var entries = [YAMLMember("trusted", .list(header.trusted.map { .reference(references.written($0)) }))]
        if showsDefaults || header.timeout != ProxyProtocolIn.defaultTimeout {
            entries.append(YAMLMember("timeout", .duration(header.timeout)))
        }
        if showsDefaults || header.others != .close {
            entries.append(YAMLMember("others", .text(header.others.rawValue)))
        }
        return .mapping(entries)
    }
}
