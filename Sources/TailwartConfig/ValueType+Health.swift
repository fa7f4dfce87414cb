import TailwartCore
import TailwartWire

extension ValueType<HealthSettings?> {
    static var health: ValueType {
        .off(nil, or: "{interval: 30s}").orMapping(
            ValueType<HealthSettings>.settings("'health'", over: HealthSettings()).map(\.self))
    }
}

extension HealthSettings? {
    var output: YAMLOutput {
        map { .mapping(HealthSettings.settings.write($0, unlike: HealthSettings())) } ?? .text("off")
    }
}

extension HealthSettings: SettingsMapping {
    static var settings: [Setting<HealthSettings>] {
        [
            Setting(
                "interval", \.interval, .duration(Allowed.healthInterval),
                about: "Time between two probes of an endpoint's port."),
            Setting("timeout", \.timeout, .duration(Allowed.healthTimeout), about: "For a probe's connection."),
            Setting(
                "affects", \.affects, .word(),
                about:
                    "What makes an endpoint unhealthy: that it cannot be reached, any failed verdict, or nothing."),
            Setting(
                "rise", \.rise, .integer(Allowed.healthCount),
                about: "Good probes in a row until an endpoint is healthy again."),
            Setting(
                "fall", \.fall, .integer(Allowed.healthCount),
                about: "Bad probes in a row until an endpoint is unhealthy."),
            Setting(
                "close_if_unhealthy", \.closeIfUnhealthy, .boolean,
                about: "Whether open connections end when their endpoint becomes unhealthy."),
            Setting(
                "names", \.names,
                ValueType.list(of: .hostName, "a list of host names such as [mail.example.org]").map(\.withoutRepeats),
                { .texts($0) },
                about:
                    "What the certificate on the mail ports must be good for: the names that mail programs connect to."),
            Setting(
                "trust_roots", \.trustRoots, .path,
                about: "A PEM file with the authorities that certificates may come from, instead of the system's."),
            Setting(
                "recipient", \.recipient, .recipient, { .text($0.text ?? "") },
                about:
                    "An address of the mailbox that a probe on smtp asks about now and then, to see whether mail is taken."
            ),
            Setting(
                "port", \.port, .port, about: "Where probes go, instead of the port that clients are passed to."),
            Setting(
                "proxy_protocol", \.proxyProtocol, .word(),
                about: "The PROXY header of probes, instead of the one that clients' connections get."),
        ]
    }
}

extension ValueType<HealthSettings.Recipient> {
    static var recipient: ValueType {
        let address = TextShape(name: "mail_address", pattern: "[A-Za-z0-9._+=-]+@(\(Pattern.hostName))")
        let shape = Shape.either(.words(["off"]), .text(address))
        return .scalar("off, or a mail address such as postmaster@example.org", shape) { text throws(Complaint) in
            if text == "off" { return .off }
            let parts = text.split(separator: "@", omittingEmptySubsequences: false)
            guard parts.count == 2, (1...64).contains(parts[0].utf8.count),
                parts[0].utf8.allSatisfy({ $0.isMailboxByte })
            else { throw Complaint() }
            guard let domain = ServerNamePattern(String(parts[1])), !domain.isWildcard else {
                throw Complaint(Hint.hostName(String(parts[1])))
            }
            return .address("\(parts[0])@\(domain.name)")
        }
    }
}

extension UInt8 {
    /// Of a local part, as far as no server needs it quoted (RFC 5321 section 4.1.2).
    fileprivate var isMailboxByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: Array("._+=-".utf8).contains(self)
        }
    }
}
