import TailwartCore
import TailwartWire

extension ValueType<BanSettings> {
    static var bans: ValueType { .settings("'bans'", over: BanSettings()) }
}

extension BanSettings: SettingsMapping {
    static var settings: [Setting<BanSettings>] {
        [
            Setting(
                "file", \.file, .banFile, { .text($0 ?? "off") },
                about: "Where bans are kept over a restart, or off."),
            Setting(
                "v6_prefix", \.v6Prefix, .integer(Allowed.banV6Prefix),
                about: "The prefix length that is banned for one IPv6 address."),
            Setting(
                "strikes", \.strikes, .strikes, \.output,
                about: "How often a client may do what no mail program does, until it is banned."),
            Setting(
                "never", \.never, .neverBanned, { .texts($0) },
                about: "Networks that are never banned, besides this host, its tailnet and its owners."),
            Setting(
                "lists", \.lists, .networkLists, { .blockList($0.map(\.output)) },
                about: "Networks whose clients are denied, and exceptions from them."),
            Setting(
                "observe", \.isObserving, .boolean, about: "A dry run: log who would be banned, and ban nobody."),
            Setting(
                "webhook", \.webhook, .webhook, \.output, about: "Where Stalwart reports whom it bans."),
            Setting(
                "crowdsec", \.crowdsec, .crowdsec, \.output, about: "The CrowdSec whose decisions are followed."),
        ]
    }

    /// With what is not the default.
    var output: YAMLOutput { .mapping(Self.settings.write(self, unlike: BanSettings())) }
}

extension ValueType<String?> {
    fileprivate static var banFile: ValueType {
        let path = ValueType<String>.path
        return ValueType(
            name: "\(path.name), or off", shape: .either(.words(["off"]), path.shape),
            literal: { .text($0 ?? "off") }
        ) { node, label, problems in
            if case .text("off") = node.content { return .some(nil) }
            return path.read(node, label, problems).map { .some($0) }
        }
    }
}

extension ValueType<[Network]> {
    fileprivate static var neverBanned: ValueType {
        .list(
            of: .network, "a list of networks such as [192.0.2.1]", atMost: Allowed.neverNetworks.upperBound, "networks"
        )
    }
}

// MARK: - strikes

extension ValueType<BanSettings.Strikes?> {
    fileprivate static var strikes: ValueType {
        .off(nil, or: "{count: 10, within: 10m}").orMapping(
            .mapping("'strikes'") { reader in
                let strikes = BanSettings.Strikes.settings.read(&reader, into: BanSettings.Strikes())
                if strikes.longest < strikes.time {
                    let position = reader.position(of: "max") ?? reader.position(of: "for") ?? reader.position
                    reader.problems.error(
                        "'max' is \(strikes.longest.configurationText), and the first ban is for "
                            + "\(strikes.time.configurationText) already; make 'for' shorter, or 'max' longer",
                        at: position)
                }
                return strikes
            })
    }
}

extension BanSettings.Strikes: SettingsMapping {
    static var settings: [Setting<Self>] {
        [
            Setting("count", \.count, .integer(Allowed.strikeCount), about: "How many strikes lead to a ban…"),
            Setting("within", \.within, .duration(Allowed.strikeWithin), about: "…within this time."),
            Setting("for", \.time, .duration(Allowed.banTime), about: "How long the first ban lasts."),
            Setting(
                "factor", \.factor, .integer(Allowed.strikeFactor),
                about: "Each further ban lasts this many times as long as the one before."),
            Setting("max", \.longest, .duration(Allowed.banTime), about: "The longest ban."),
        ]
    }
}

extension BanSettings.Strikes? {
    fileprivate var output: YAMLOutput {
        map { .mapping(BanSettings.Strikes.settings.write($0, unlike: BanSettings.Strikes())) } ?? .text("off")
    }
}

// MARK: - who else says so

extension ValueType<BanSettings.Webhook?> {
    fileprivate static var webhook: ValueType {
        .off(nil, or: "{listen: tailnet:8025, key_file: /etc/tailwart/webhook.key}").orMapping(
            .mapping("'webhook'") { reader in
                let listen = reader.required(
                    "listen", .innerAddress(butNotForStrangers: true), example: "listen: tailnet:8025",
                    about: "An address of the edge that Stalwart reaches, and strangers do not.")
                let keyFile = reader.required(
                    "key_file", .path, example: "key_file: /etc/tailwart/webhook.key",
                    about: "A file with the key that Stalwart signs with; not world-readable.")
                guard let listen, let keyFile else { return nil }
                return BanSettings.Webhook(listen: listen, keyFile: keyFile)
            })
    }
}

extension BanSettings.Webhook? {
    fileprivate var output: YAMLOutput {
        map { webhook in
            .mapping([
                YAMLMember("listen", .text("\(webhook.listen)")), YAMLMember("key_file", .text(webhook.keyFile)),
            ])
        } ?? .text("off")
    }
}

extension ValueType<BanSettings.CrowdSec?> {
    fileprivate static var crowdsec: ValueType {
        .off(nil, or: "{url: \"http://127.0.0.1:8080\", key_file: /etc/tailwart/crowdsec.key}").orMapping(
            .mapping("'crowdsec'") { reader in
                let url = reader.required(
                    "url", ValueType<NoticeURL>.url(such: "http://127.0.0.1:8080"),
                    example: "url: http://127.0.0.1:8080", about: "CrowdSec's local API.")
                let keyFile = reader.required(
                    "key_file", .path, example: "key_file: /etc/tailwart/crowdsec.key",
                    about: "A file with the bouncer's key; not world-readable.")
                guard let url, let keyFile else { return nil }
                return BanSettings.CrowdSec(url: url, keyFile: keyFile)
            })
    }
}

extension BanSettings.CrowdSec? {
    fileprivate var output: YAMLOutput {
        map { crowdsec in
            .mapping([
                YAMLMember("url", .text(crowdsec.url.text)), YAMLMember("key_file", .text(crowdsec.keyFile)),
            ])
        } ?? .text("off")
    }
}
