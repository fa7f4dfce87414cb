import TailwartCore
import TailwartWire

extension ValueType<HealthSettings?> {
    static var health: ValueType {
        .off(nil, or: "{interval: 30s}").orMapping(.mapping("'health'", HealthSettings.init))
    }
}

extension HealthSettings {
    fileprivate init(_ reader: inout MappingReader) {
        self.init()
        interval = reader.value(
            "interval", .duration(Allowed.healthInterval), or: interval,
            about: "From one probe of an endpoint's port to the next.")
        timeout = reader.value(
            "timeout", .duration(Allowed.healthTimeout), or: timeout, about: "For a probe's connection.")
        affects = reader.value(
            "affects", .word(), or: affects,
            about: "What turns an endpoint off: that it cannot be reached, all that a probe finds failed, or nothing.")
        rise = reader.value(
            "rise", .integer(Allowed.healthCount), or: rise,
            about: "Good probes in a row until an endpoint is healthy again.")
        fall = reader.value(
            "fall", .integer(Allowed.healthCount), or: fall,
            about: "Bad probes in a row until an endpoint is unhealthy.")
        closeIfUnhealthy = reader.value(
            "close_if_unhealthy", .boolean, or: closeIfUnhealthy,
            about: "Whether open connections end when their endpoint becomes unhealthy.")
        let names = reader.value(
            "names", .list(of: .hostName, "a list of host names such as [mail.example.org]"),
            about: "What the certificate on the mail ports must be good for: the names that mail programs connect to.")
        self.names = names?.withoutRepeats ?? []
        trustRoots = reader.value(
            "trust_roots", .path,
            about: "A PEM file with the authorities that certificates may come from, instead of the system's.")
    }
}
