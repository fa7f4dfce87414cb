/// The table of events: names, levels and keys. docs/events.md shows it, and a test compares the two.
extension EdgeEvent {
    package enum Kind: String, CaseIterable, Sendable {
        case listening
        case addressMissing = "address_missing"
        case adminUnavailable = "admin_unavailable"
        case descriptorsShort = "descriptors_short"
        case descriptorsExhausted = "descriptors_exhausted"
        case descriptorsFree = "descriptors_free"
        case headerUnexpected = "header_unexpected"
        case resolved
        case unresolved
        case listLoaded = "list_loaded"
        case listFailed = "list_failed"
        case verdict
        case health
        case tailnet
        case signalIgnored = "signal_ignored"
        case reloaded
        case reloadFailed = "reload_failed"
        case noticeSent = "notice_sent"
        case noticeFailed = "notice_failed"
        case ban
        case bansFailed = "bans_failed"
        case clientTableFull = "client_table_full"
        case edgeBanned = "edge_banned"
        case takeover
        case takeoverFailed = "takeover_failed"
        case draining
        case cutShort = "cut_short"
        case stopped
        case eventsLost = "events_lost"
        case recordsLost = "records_lost"
        case sandbox

        /// For programs; does not change.
        package var name: String { rawValue }

        /// The levels that it may have.
        package var levels: [EventLevel] {
            switch self {
            case .listening, .adminUnavailable, .descriptorsFree, .resolved, .takeover, .draining, .cutShort, .stopped,
                .sandbox:
                [.info]
            case .addressMissing, .descriptorsShort, .headerUnexpected, .unresolved, .signalIgnored, .eventsLost,
                .recordsLost:
                [.warning]
            case .listLoaded: [.info, .warning]
            case .listFailed: [.warning]
            case .reloaded, .noticeSent: [.info, .warning]
            case .ban: [.info]
            case .noticeFailed, .bansFailed, .clientTableFull: [.warning]
            case .descriptorsExhausted, .reloadFailed, .takeoverFailed, .edgeBanned: [.error]
            case .health: [.info, .error]
            case .verdict, .tailnet: [.info, .warning, .error]
            }
        }

        /// In the order in which they are written; what is not known is left out.
        package var keys: [EventKey] {
            switch self {
            case .listening: [.version, .addresses]
            case .addressMissing: [.listener, .addresses, .fix]
            case .adminUnavailable: [.addresses, .failure, .fix]
            case .descriptorsShort: [.limit, .connections, .fix]
            case .descriptorsExhausted: [.limit, .fix]
            case .descriptorsFree: []
            case .headerUnexpected: [.listener, .client, .cause, .fix]
            case .resolved: [.name, .addresses, .source]
            case .unresolved: [.name, .failure]
            case .listLoaded: [.name, .networks, .skipped, .problems]
            case .listFailed: [.name, .networks, .failure]
            case .verdict:
                [
                    .upstream, .endpoint, .port, .ports, .proto, .verdict, .grade, .detail, .cause, .fix, .serverName,
                    .toConnectMicroseconds, .certificateSubject, .certificateIssuer, .certificateNames,
                    .certificateNotAfter, .certificateLifetimeLeft,
                ]
            case .health: [.upstream, .endpoint, .port, .ports, .proto, .standing, .verdict, .detail]
            case .tailnet: [.change, .name, .names, .roundTrip, .lastHandshake, .fix]
            case .signalIgnored: [.signal]
            case .reloaded: [.changes, .needsRestart, .problems]
            case .reloadFailed: [.problems]
            case .noticeSent: [.to, .notice, .state, .lost]
            case .noticeFailed: [.to, .failure]
            case .ban: [.network, .layer, .state, .cause, .until]
            case .bansFailed: [.failure, .fix]
            case .clientTableFull: [.connections, .limit, .fix]
            case .edgeBanned: [.addresses, .cause, .fix]
            case .takeover: [.addresses]
            case .takeoverFailed: [.failure]
            case .draining: [.reason, .connections, .limit]
            case .cutShort: [.reason, .connections]
            case .stopped: [.connections]
            case .eventsLost, .recordsLost: [.lost, .failure]
            case .sandbox: []
            }
        }
    }

    package var kind: Kind {
        switch self {
        case .listening: .listening
        case .addressMissing: .addressMissing
        case .adminUnavailable: .adminUnavailable
        case .descriptorsShort: .descriptorsShort
        case .descriptorsExhausted: .descriptorsExhausted
        case .descriptorsFree: .descriptorsFree
        case .headerUnexpected: .headerUnexpected
        case .resolved: .resolved
        case .unresolved: .unresolved
        case .listLoaded: .listLoaded
        case .listFailed: .listFailed
        case .verdict: .verdict
        case .health: .health
        case .tailnet, .userspace: .tailnet
        case .signalIgnored: .signalIgnored
        case .reloaded: .reloaded
        case .reloadFailed: .reloadFailed
        case .noticeSent: .noticeSent
        case .noticeFailed: .noticeFailed
        case .ban: .ban
        case .bansFailed: .bansFailed
        case .clientTableFull: .clientTableFull
        case .edgeBanned: .edgeBanned
        case .takeover: .takeover
        case .takeoverFailed: .takeoverFailed
        case .draining: .draining
        case .cutShort: .cutShort
        case .stopped: .stopped
        case .eventsLost: .eventsLost
        case .recordsLost: .recordsLost
        case .sandbox: .sandbox
        }
    }

    package var level: EventLevel {
        switch self {
        case .listening, .adminUnavailable, .descriptorsFree, .resolved, .takeover, .draining, .cutShort, .stopped,
            .sandbox:
            .info
        case .addressMissing, .descriptorsShort, .headerUnexpected, .unresolved, .signalIgnored, .eventsLost,
            .recordsLost:
            .warning
        case .listLoaded(let news): news.skipped == 0 ? .info : .warning
        case .listFailed: .warning
        case .reloaded(let difference, let warnings):
            difference.needsRestart.isEmpty && warnings.isEmpty ? .info : .warning
        case .descriptorsExhausted, .reloadFailed, .takeoverFailed, .edgeBanned: .error
        case .ban: .info
        case .noticeSent(_, _, let lost): lost == 0 ? .info : .warning
        case .noticeFailed, .bansFailed, .clientTableFull: .warning
        case .health(_, let isHealthy, _, _): isHealthy ? .info : .error
        case .userspace: .error
        case .tailnet(let news): news.level
        case .verdict(let found):
            switch found.verdict.grade {
            case .good: .info
            case .degraded: .warning
            case .failed: .error
            }
        }
    }
}
