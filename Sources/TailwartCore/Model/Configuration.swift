import TailwartWire

/// A whole configuration in its general form: names of upstreams and hosts are not resolved, defaults are filled in.
///
/// The short form (`mailbox`, `web`) and `defaults` are expanded into this while a file is loaded.
package struct Configuration: Sendable, Equatable {
    /// Connections of all listeners together.
    package var maxConnections: Int
    /// How clients are told apart, for the limits of listeners. Nil: nobody is held against a limit of its own.
    package var limits: LimitSettings?
    /// Nil: one for each core.
    package var workers: Int?
    /// How long connections may go on after the edge has been told to stop.
    package var drain: Duration
    package var log: LogSettings
    package var admin: AdminSettings
    /// Who is told what lasts; empty: nobody. Their ways differ.
    package var notify: [Messenger]
    package var bans: BanSettings
    /// Nil: tailscaled is not asked.
    package var tailscale: TailscaleSettings?
    /// In the order of the file; names are unique.
    package var upstreams: [Upstream]
    /// In the order of the file, those of the short form first; names are unique.
    package var listeners: [Listener]

    package init(
        maxConnections: Int = Defaults.maxConnections, limits: LimitSettings? = LimitSettings(), workers: Int? = nil,
        drain: Duration = Defaults.drain,
        log: LogSettings = .init(), admin: AdminSettings = .init(), notify: [Messenger] = [],
        bans: BanSettings = .init(),
        tailscale: TailscaleSettings? = .init(), upstreams: [Upstream] = [],
        listeners: [Listener] = []
    ) {
        self.maxConnections = maxConnections
        self.limits = limits
        self.workers = workers
        self.drain = drain
        self.log = log
        self.admin = admin
        self.notify = notify
        self.bans = bans
        self.tailscale = tailscale
        self.upstreams = upstreams
        self.listeners = listeners
    }
}

extension Configuration {
    /// The host names that need resolving, each once, in the order of the file.
    ///
    /// Not those behind a SOCKS proxy or tailscaled, which resolve them themselves.
    package var hostNames: [String] {
        upstreams.flatMap { upstream -> [String] in
            guard upstream.via == .direct else { return [] }
            return upstream.endpoints.compactMap { if case .name(let name) = $0.host { name } else { nil } }
        }.withoutRepeats
    }

    /// The host names that tailscaled may know, each once: those that are resolved here, and those that it dials.
    package var tailnetNames: [String] {
        upstreams.filter { upstream in if case .socks5 = upstream.via { false } else { true } }
            .flatMap { $0.endpoints.compactMap { if case .name(let name) = $0.host { name } else { nil } } }
            .withoutRepeats
    }
}

/// Where the node's own tailscaled is asked, for names, paths and `via: tailscale`.
package struct TailscaleSettings: Sendable, Equatable {
    /// The absolute path of tailscaled's LocalAPI socket. Only an upstream with `via: tailscale` needs it to be there.
    package var socket: String

    package init(socket: String = Defaults.tailscaleSocket) {
        self.socket = socket
    }
}

/// How the edge writes its log.
package struct LogSettings: Sendable, Equatable {
    package enum Format: String, CaseIterable, Sendable {
        case text
        case json
    }

    /// Nil: text on a terminal, JSON elsewhere.
    package var format: Format?
    /// The least grave lines that are written. The record of a connection is a line at `info`.
    package var level: EventLevel

    package init(format: Format? = nil, level: EventLevel = Defaults.logLevel) {
        self.format = format
        self.level = level
    }
}
