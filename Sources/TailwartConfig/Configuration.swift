/// A whole configuration in its general form: names of upstreams and hosts are not resolved, defaults are filled in.
///
/// The short form (`mailbox`, `web`) and `defaults` are expanded into this while a file is loaded.
package struct Configuration: Sendable, Equatable {
    /// Connections of all listeners together.
    package var maxConnections: Int
    /// Nil: one for each core.
    package var workers: Int?
    /// How long connections may go on after the edge has been told to stop.
    package var drain: Duration
    package var log: LogConfiguration
    package var admin: AdminConfiguration
    /// Nil: tailscaled is not asked.
    package var tailscale: TailscaleConfiguration?
    /// In the order of the file; names are unique.
    package var upstreams: [UpstreamConfiguration]
    /// In the order of the file, those of the short form first; names are unique.
    package var listeners: [ListenerConfiguration]

    package init(
        maxConnections: Int = Defaults.maxConnections, workers: Int? = nil, drain: Duration = Defaults.drain,
        log: LogConfiguration = .init(), admin: AdminConfiguration = .init(),
        tailscale: TailscaleConfiguration? = .init(), upstreams: [UpstreamConfiguration] = [],
        listeners: [ListenerConfiguration] = []
    ) {
        self.maxConnections = maxConnections
        self.workers = workers
        self.drain = drain
        self.log = log
        self.admin = admin
        self.tailscale = tailscale
        self.upstreams = upstreams
        self.listeners = listeners
    }
}
