import TailwartCore
import TailwartWire

// MARK: - of the edge

extension ValueType<LimitSettings?> {
    static var limits: ValueType {
        .off(nil, or: "{network: {v4: 32, v6: 64}}").orMapping(
            .mapping("'limits'") { reader in
                let settings = LimitSettings.settings.read(&reader, into: LimitSettings())
                if let wide = settings.wide?.prefixes,
                    let position = reader.position(of: "wide") ?? reader.position(of: "network"),
                    wide.v4 >= settings.network.v4 || wide.v6 >= settings.network.v6
                {
                    reader.problems.error(
                        "a neighbourhood of /\(wide.v4) and /\(wide.v6) is not wider than one client, /\(settings.network.v4) and "
                            + "/\(settings.network.v6); make the prefixes of 'wide' shorter, or write 'wide: off'",
                        at: position)
                }
                return settings
            })
    }
}

extension LimitSettings? {
    var output: YAMLOutput {
        map { .mapping(LimitSettings.settings.write($0, unlike: LimitSettings())) } ?? .text("off")
    }
}

extension LimitSettings: SettingsMapping {
    static var settings: [Setting<LimitSettings>] {
        [
            Setting(
                "network", \.network, .prefixes("'network'", over: LimitSettings().network), \.output,
                about: "The prefix length that counts as one client."),
            Setting(
                "wide", \.wide, .wide, \.output,
                about: "The wider network around a client, which may use factor times as much; off: it is not counted."),
            Setting(
                "table", \.table, .integer(Allowed.limitTable),
                about: "Networks that are remembered, 16 bytes each. Clients beyond that are served and not counted."),
            Setting(
                "pending", \.pending, .settings("'pending'", over: Pending()), \.output,
                about: "Connections that have not sent their PROXY header or TLS hello yet."),
        ]
    }
}

extension ValueType<LimitSettings.Prefixes> {
    fileprivate static func prefixes(_ noun: String, over usual: LimitSettings.Prefixes) -> ValueType {
        .settings(noun, over: usual)
    }
}

extension LimitSettings.Prefixes: SettingsMapping {
    static var settings: [Setting<Self>] {
        [
            Setting("v4", \.v4, .integer(Allowed.limitPrefixV4), about: "Of an IPv4 address."),
            Setting("v6", \.v6, .integer(Allowed.limitPrefixV6), about: "Of an IPv6 address."),
        ]
    }
}

extension ValueType<LimitSettings.Wide?> {
    fileprivate static var wide: ValueType {
        let usual = LimitSettings().wide ?? LimitSettings.Wide(LimitSettings().network, factor: 1)
        return .off(nil, or: "{v4: 24, v6: 48, factor: 8}").orMapping(
            ValueType<LimitSettings.Wide>.settings("'wide'", over: usual).map(\.self))
    }
}

extension LimitSettings.Wide? {
    fileprivate var output: YAMLOutput { self?.output ?? .text("off") }
}

extension LimitSettings.Wide: SettingsMapping {
    static var settings: [Setting<Self>] {
        [
            Setting("v4", \.prefixes.v4, .integer(Allowed.limitPrefixV4), about: "Of an IPv4 address."),
            Setting("v6", \.prefixes.v6, .integer(Allowed.limitPrefixV6), about: "Of an IPv6 address."),
            Setting(
                "factor", \.factor, .integer(Allowed.limitFactor),
                about: "How many times as much as one client it may use."),
        ]
    }
}

extension LimitSettings.Pending: SettingsMapping {
    static var settings: [Setting<Self>] {
        [
            Setting(
                "total", \.total, .integer(Allowed.maxConnections),
                about: "Of all clients; by default \(Defaults.pending), and at most half of all connections."),
            Setting(
                "per_client", \.perClient, .integer(Allowed.concurrent),
                about: "Of one client; by default \(Defaults.pendingPerClient), for public addresses."),
        ]
    }
}

// MARK: - of a listener

extension ListenerSettings {
    /// What is written of the limits of a listener, or under `defaults`.
    struct Limits: Equatable {
        /// Of one that can be turned off by itself.
        enum Limit<Value: Equatable>: Equatable {
            case off
            case value(Value)

            var value: Value? { if case .value(let value) = self { value } else { nil } }
        }

        var areOff = false
        var concurrent: Limit<Int>?
        var rate: Limit<ListenerLimits.Rate>?
        var burst: Int?

        init() {}

        static var off: Limits {
            var limits = Limits()
            limits.areOff = true
            return limits
        }

        /// What says the same; what the protocol's defaults are is written out, since a limit that is written holds for everybody.
        init(_ limits: ListenerLimits) {
            areOff = limits == .none
            guard !areOff else { return }
            concurrent = limits.concurrent.map { .value($0) } ?? .off
            rate = limits.rate.map { .value($0) } ?? .off
            burst = limits.burst
        }

        /// Over what holds else.
        func applied(to usual: ListenerLimits) -> ListenerLimits {
            guard !areOff else { return .none }
            var limits = usual
            if let concurrent { limits.concurrent = concurrent.value }
            if let rate { (limits.rate, limits.burst) = (rate.value, nil) }
            if let burst { limits.burst = burst }
            return limits
        }
    }
}

extension ValueType<ListenerSettings.Limits> {
    static var listenerLimits: ValueType {
        .off(.off, or: "{concurrent: 50, rate: 300/1m}").orMapping(
            .settings("'limits'", over: ListenerSettings.Limits()))
    }
}

extension ListenerSettings.Limits: SettingsMapping {
    static var settings: [Setting<Self>] {
        [
            Setting(
                "concurrent", \.concurrent, .orOff(.integer(Allowed.concurrent)), { $0.output { .text("\($0)") } },
                about: "Connections of one client at the same time, or off."),
            Setting(
                "rate", \.rate, .orOff(.rate), { $0.output { .text("\($0)") } },
                about: "New connections of one client per time, such as 300/1m, or off."),
            Setting(
                "burst", \.burst, .integer(Allowed.burst),
                about: "How many of them may come at once; by default a fifth, and at least 10."),
        ]
    }

    var written: YAMLOutput { areOff ? .text("off") : output }
}

extension ListenerSettings.Limits.Limit {
    fileprivate func output(_ value: (Value) -> YAMLOutput) -> YAMLOutput { self.value.map(value) ?? .text("off") }
}

extension ValueType {
    fileprivate static func orOff<Limited: Equatable>(
        _ type: ValueType<Limited>
    ) -> ValueType where Value == ListenerSettings.Limits.Limit<Limited> {
        ValueType(name: "\(type.name), or off", shape: .either(.words(["off"]), type.shape)) { node, label, problems in
            if case .text("off") = node.content { return .off }
            return type.read(node, label, problems).map { .value($0) }
        }
    }
}

extension ValueType<ListenerLimits.Rate> {
    fileprivate static var rate: ValueType {
        let shape = TextShape(name: "rate", pattern: "[1-9][0-9]{0,5}/\(Duration.configurationPattern)")
        return .scalar("a rate such as 300/1m", .text(shape)) { text throws(Complaint) in
            guard let rate = ListenerLimits.Rate(text) else {
                throw Complaint("write how many connections, a slash and a duration from 1s to 1d")
            }
            return rate
        }
    }
}
