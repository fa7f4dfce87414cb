/// How an upstream's endpoints are probed. Without effect so far.
package struct HealthConfiguration: Sendable, Equatable {
    package var interval: Duration
    package var timeout: Duration
    /// Good probes in a row until an endpoint counts as well.
    package var rise: Int
    /// Bad probes in a row until an endpoint counts as unwell.
    package var fall: Int
    /// Whether its connections end when an endpoint becomes unwell.
    package var closeIfUnhealthy: Bool

    package init(
        interval: Duration = Defaults.healthInterval, timeout: Duration = Defaults.healthTimeout,
        rise: Int = Defaults.healthRise, fall: Int = Defaults.healthFall, closeIfUnhealthy: Bool = false
    ) {
        self.interval = interval
        self.timeout = timeout
        self.rise = rise
        self.fall = fall
        self.closeIfUnhealthy = closeIfUnhealthy
    }
}
