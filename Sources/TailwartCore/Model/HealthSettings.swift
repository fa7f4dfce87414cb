/// How an upstream's endpoints are probed.
package struct HealthSettings: Sendable, Hashable {
    package var interval: Duration
    package var timeout: Duration
    /// Good probes in a row until an endpoint counts as well.
    package var rise: Int
    /// Bad probes in a row until an endpoint counts as unwell.
    package var fall: Int
    /// Whether its connections end when an endpoint becomes unwell.
    package var closeIfUnhealthy: Bool
    /// Host names that the certificate must be good for on the mail ports, in lower case; empty: none is checked.
    package var names: [String]
    /// The absolute path of a PEM file. Nil: the system's.
    package var trustRoots: String?

    package init(
        interval: Duration = Defaults.healthInterval, timeout: Duration = Defaults.healthTimeout,
        rise: Int = Defaults.healthRise, fall: Int = Defaults.healthFall, closeIfUnhealthy: Bool = false,
        names: [String] = [], trustRoots: String? = nil
    ) {
        self.interval = interval
        self.timeout = timeout
        self.rise = rise
        self.fall = fall
        self.closeIfUnhealthy = closeIfUnhealthy
        self.names = names
        self.trustRoots = trustRoots
    }
}
