package import TailwartWire

/// What people and programs are told of it.
extension ConfigurationDifference {
    /// One line for each change.
    package var sentences: [String] { changes.map(\.sentence) }

    /// The first of them, and how many more there are.
    package func sentences(atMost limit: Int) -> [String] {
        let all = sentences
        guard all.count > limit else { return all }
        return all.prefix(limit) + ["and \(all.count - limit) more"]
    }

    /// What a script reads of each.
    package var json: JSON { .list(changes.map(\.json)) }
}

extension ConfigurationDifference.Change {
    /// Without a full stop.
    package var sentence: String {
        let subject = [owner.map { owner in "\(part.ownerNoun) \(owner)" } ?? label].compactMap(\.self)
        return (subject + [statement]).joined(separator: ": ")
    }

    /// Of a listener or an upstream; the edge needs none.
    private var label: String? { name.map { "\(part.rawValue) \($0)" } }

    private var statement: String {
        let name = name ?? ""
        return switch (kind, part) {
        case (.added, .listener): "new, on \(new ?? "")"
        case (.removed, .listener): "gone, was on \(old ?? "")"
        case (.renamed, _): "was called \(old ?? "")"
        case (.added, .address): "listens on \(name) too"
        case (.removed, .address): "no longer listens on \(name)"
        case (.moved, _): "has \(name) from listener \(old ?? "")"
        case (.added, .upstream): "new, at \(new ?? "")"
        case (.removed, .upstream): "gone, was at \(old ?? "")"
        case (.added, _): "\(part.rawValue) \(name) is new"
        case (.removed, _): "\(part.rawValue) \(name) is gone"
        case (.changed, _): changed
        }
    }

    private var changed: String {
        let setting = setting ?? ""
        guard let old, let new else { return "\(setting): in another order" }
        let subject = part == .endpoint ? "endpoint \(name ?? ""), \(setting)" : setting
        return needsRestart
            ? "\(subject): \(old) → \(new) needs a restart; until then it is \(old)" : "\(subject): \(old) → \(new)"
    }

    fileprivate var json: JSON {
        [
            "change": .text(kind.rawValue), "part": .text(part.rawValue), "name": name.json, "owner": owner.json,
            "setting": setting.json, "old": old.json, "new": new.json, "needs_restart": .flag(needsRestart),
            "message": .text(sentence),
        ]
    }
}

extension ConfigurationDifference.Part {
    /// What the part belongs to.
    fileprivate var ownerNoun: String {
        switch self {
        case .address, .route: "listener"
        case .edge, .listener, .upstream, .endpoint: "upstream"
        }
    }
}

/// A setting as it is compared and shown: by its text, as the file has it where that is possible.
struct ShownSetting<Model: Sendable>: Sendable {
    let key: String
    let needsRestart: Bool
    let text: @Sendable (Model) -> String
    /// What is compared, where that is more than may be shown.
    let isSame: @Sendable (Model, Model) -> Bool

    init(
        _ key: String, needsRestart: Bool = false, isSame: (@Sendable (Model, Model) -> Bool)? = nil,
        _ text: @escaping @Sendable (Model) -> String
    ) {
        self.key = key
        self.needsRestart = needsRestart
        self.text = text
        self.isSame = isSame ?? { text($0) == text($1) }
    }
}

extension Configuration {
    static let shown: [ShownSetting<Configuration>] =
        [
            ShownSetting("max_connections") { "\($0.maxConnections)" },
            ShownSetting("limits") { $0.limits.shown },
            ShownSetting("workers", needsRestart: true) { $0.workers.map { "\($0)" } ?? "one for each core" },
            ShownSetting("drain") { $0.drain.configurationText },
            ShownSetting("log.format") { $0.log.format?.rawValue ?? "text on a terminal, else json" },
            ShownSetting("log.level") { $0.log.level.rawValue },
            ShownSetting("tailscale") { $0.tailscale?.socket ?? "off" },
            ShownSetting("admin.socket", needsRestart: true) { configuration in
                configuration.admin.socket == nil ? "the usual one" : configuration.admin.path ?? "off"
            },
            ShownSetting("admin.listen", needsRestart: true) { configuration in
                let listen = configuration.admin.listen.map { "\($0)" }.joined(separator: ", ")
                return listen.isEmpty ? "none" : listen
            },
            ShownSetting("admin.public", needsRestart: true) { "\($0.admin.isPublic)" },
            ShownSetting("notify", isSame: { $0.notify == $1.notify }) { $0.notify.shown },
        ] + bansShown
}

extension Configuration {
    private static let bansShown: [ShownSetting<Configuration>] = [
        ShownSetting("bans.file") { $0.bans.file ?? "off" },
        ShownSetting("bans.v6_prefix") { "\($0.bans.v6Prefix)" },
        ShownSetting("bans.strikes") { $0.bans.strikes?.shown ?? "off" },
        ShownSetting("bans.never") { configuration in
            let never = configuration.bans.never
            return never.isEmpty ? "nobody else" : never.map(\.description).joined(separator: ", ")
        },
        // The path of a URL may be a secret.
        ShownSetting("bans.lists", isSame: { $0.bans.lists == $1.bans.lists }) { configuration in
            let lists = configuration.bans.lists
            return lists.isEmpty
                ? "none" : lists.map { $0.allows ? "\($0.label) (allowed)" : $0.label }.joined(separator: ", ")
        },
        ShownSetting("bans.observe") { "\($0.bans.isObserving)" },
        ShownSetting("bans.webhook") { configuration in
            configuration.bans.webhook.map { "\($0.listen) (key_file \($0.keyFile))" } ?? "off"
        },
        // The path of a URL may be a secret.
        ShownSetting("bans.crowdsec", isSame: { $0.bans.crowdsec == $1.bans.crowdsec }) { configuration in
            configuration.bans.crowdsec.map { "\($0.url.origin) (key_file \($0.keyFile))" } ?? "off"
        },
    ]
}

extension LimitSettings? {
    fileprivate var shown: String {
        guard let limits = self else { return "off" }
        let (network, pending) = (limits.network, limits.pending)
        let wide = limits.wide.map { "/\($0.prefixes.v4) and /\($0.prefixes.v6) times \($0.factor)" } ?? "off"
        let total = pending.total.map { "\($0)" } ?? "as usual"
        let perClient = pending.perClient.map { "\($0)" } ?? "as usual"
        return "network /\(network.v4) and /\(network.v6); wide \(wide); table \(limits.table); pending \(total), "
            + "\(perClient) per client"
    }
}

extension ListenerLimits? {
    fileprivate var shown: String {
        guard let limits = self else { return "the protocol's" }
        guard limits != .none else { return "off" }
        let words = [
            "concurrent \(limits.concurrent.map { "\($0)" } ?? "off")",
            "rate \(limits.rate?.description ?? "off")",
            (limits.burst ?? limits.rate?.usualBurst).map { "burst \($0)" },
        ]
        return words.compactMap(\.self).joined(separator: "; ")
    }
}

extension BanSettings.Strikes {
    fileprivate var shown: String {
        let (first, last) = (time.configurationText, longest.configurationText)
        return "\(count) within \(within.configurationText), for \(first) × \(factor) up to \(last)"
    }
}

extension [Messenger] {
    /// Without what may be a secret.
    fileprivate var shown: String {
        guard !isEmpty else { return "nobody" }
        return map { messenger in
            let files = [("headers_file", messenger.headersFile), ("trust_roots", messenger.trustRoots)]
                .compactMap { name, path in path.map { "\(name) \($0); " } }.joined()
            let kinds = messenger.on.map(\.rawValue).joined(separator: ", ")
            return "\(messenger.label) (\(files)on \(kinds); after \(messenger.after.configurationText))"
        }.joined(separator: ", ")
    }
}

extension Listener {
    static let shown: [ShownSetting<Listener>] = [
        ShownSetting("protocol") { $0.proto.rawValue },
        ShownSetting("timeouts.connect") { $0.timeouts.connect.configurationText },
        ShownSetting("timeouts.hello") { $0.timeouts.hello.configurationText },
        ShownSetting("timeouts.idle") { $0.timeouts.idle.configurationText },
        ShownSetting("timeouts.half_closed") { $0.timeouts.halfClosed.configurationText },
        ShownSetting("proxy_protocol_in") { listener in
            guard let header = listener.proxyProtocolIn else { return "off" }
            let trusted = header.trusted.map(\.description).joined(separator: ", ")
            return "trusted \(trusted); timeout \(header.timeout.configurationText)"
                + (header.others == .close ? "" : "; others \(header.others.rawValue)")
        },
        ShownSetting("max_connections") { $0.maxConnections.map { "\($0)" } ?? "none" },
        ShownSetting("limits") { $0.limits.shown },
        ShownSetting("refusal.host") { $0.refusal.host ?? "the edge's name" },
        ShownSetting("refusal.text") { $0.refusal.text.map { "\"\($0)\"" } ?? "the edge's own words" },
    ]
}

extension Upstream {
    /// Besides its endpoints and how they are probed.
    static let shown: [ShownSetting<Upstream>] = [
        ShownSetting("hostname") { $0.hostname ?? "none" },
        ShownSetting("proxy_protocol") { $0.proxyProtocol.shown },
        ShownSetting("connect_timeout") { $0.connectTimeout?.configurationText ?? "the listener's" },
        ShownSetting("policy") { $0.policy.rawValue },
        ShownSetting("hold") { $0.hold.configurationText },
        ShownSetting("via") { upstream in
            switch upstream.via {
            case .direct: "direct"
            case .tailscale: "tailscale"
            case .socks5(let proxy): "socks5 \(proxy)"
            }
        },
        ShownSetting("warm") { "\($0.warm)" },
    ]
}

extension HealthSettings {
    static let shown: [ShownSetting<HealthSettings>] = [
        ShownSetting("health.interval") { $0.interval.configurationText },
        ShownSetting("health.timeout") { $0.timeout.configurationText },
        ShownSetting("health.affects") { $0.affects.rawValue },
        ShownSetting("health.rise") { "\($0.rise)" },
        ShownSetting("health.fall") { "\($0.fall)" },
        ShownSetting("health.close_if_unhealthy") { "\($0.closeIfUnhealthy)" },
        ShownSetting("health.names") { $0.names.isEmpty ? "none" : $0.names.joined(separator: ", ") },
        ShownSetting("health.trust_roots") { $0.trustRoots ?? "the system's" },
        ShownSetting("health.recipient") { $0.recipient.text ?? "the postmaster" },
        ShownSetting("health.port") { $0.port.map { "\($0)" } ?? "the clients'" },
        ShownSetting("health.proxy_protocol") { $0.proxyProtocol?.rawValue ?? "the clients'" },
    ]
}

extension Endpoint {
    static let shown: [ShownSetting<Endpoint>] = [
        ShownSetting("weight") { "\($0.weight)" }, ShownSetting("backup") { "\($0.isBackup)" },
        ShownSetting("proxy_protocol") { $0.proxyProtocol?.shown ?? "the upstream's" },
    ]
}

extension ProxyProtocolOut {
    fileprivate var shown: String {
        let names: [(TLVs, String)] = [
            (.authority, "authority"), (.alpn, "alpn"), (.uniqueID, "unique_id"), (.crc32c, "crc32c"),
        ]
        let sent = names.filter { tlvs.contains($0.0) }.map(\.1)
        return sent.isEmpty ? version.rawValue : "\(version.rawValue) with \(sent.joined(separator: ", "))"
    }
}

extension Route {
    /// `sni a.example to mailbox:443`; what it takes is left out where that is everything.
    var shown: String {
        let goal =
            switch target {
            case .close: "close"
            case .upstream(let name, nil): name
            case .upstream(let name, let port?): "\(name):\(port)"
            }
        let header = proxyProtocol.map { " (proxy_protocol \($0.shown))" } ?? ""
        return (match.map { "\($0.shown) to " } ?? "to ") + goal + header
    }
}

extension RouteMatch {
    fileprivate var shown: String {
        let lists = [
            ("sni", serverNames.map(\.description)), ("alpn", alpn), ("client", clients.map(\.description)),
        ]
        let conditions = lists.filter { !$0.1.isEmpty }.map { "\($0.0) \($0.1.joined(separator: ", "))" }
        return (conditions + not.map { "not (\($0.shown))" }).joined(separator: "; ")
    }
}

extension [Endpoint] {
    var shown: String { map(\.text).joined(separator: ", ") }
}

extension [BindAddress] {
    var shown: String { map(\.description).joined(separator: ", ") }
}
