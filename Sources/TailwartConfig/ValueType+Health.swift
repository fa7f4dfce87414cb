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
                about: "From one probe of an endpoint's port to the next."),
            Setting("timeout", \.timeout, .duration(Allowed.healthTimeout), about: "For a probe's connection."),
            Setting(
                "affects", \.affects, .word(),
                about:
                    "What turns an endpoint off: that it cannot be reached, all that a probe finds failed, or nothing."),
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
        ]
    }
}
