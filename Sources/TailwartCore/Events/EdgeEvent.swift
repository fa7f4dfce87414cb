package import TailwartWire

/// Something that the edge says beside the records of connections: what happened, as a value. What people and programs are told of
/// it is made from it here, and nowhere that an event is posted.
package enum EdgeEvent: Sendable, Equatable {
    /// An address that the edge listens on, and the name of its listener.
    package struct Opening: Sendable, Equatable {
        package let bind: BindAddress
        package let listener: String

        package init(_ bind: BindAddress, listener: String) {
            self.bind = bind
            self.listener = listener
        }
    }

    /// What showed that a place is healthy or not.
    package enum Witness: String, Sendable {
        case probes
        case connections
        case both = "probes and connections"
    }

    /// Why the edge stops.
    package enum StopCause: String, Sendable {
        case terminated = "SIGTERM"
        case interrupted = "SIGINT"
        /// The terminal is gone, which ends a trial and not an edge.
        case hungUp = "SIGHUP"
        /// It was to serve for some time only.
        case timeIsUp = "time is up"
        /// Another process serves with its sockets.
        case takenOver = "taken over"
        /// Over the admin interface.
        case asked = "tailwart drain"
    }

    /// What other servers take for an order to open their logs anew. By default it would end the process.
    package enum OtherSignal: String, CaseIterable, Sendable {
        case user1 = "SIGUSR1"
        case user2 = "SIGUSR2"
    }

    /// - Parameter version: as `tailwart version` prints it.
    case listening(version: String, [Opening])
    /// It listens on an address that this host does not have yet.
    case addressMissing(Opening)
    /// There is no admin interface at the usual socket.
    case adminUnavailable(socket: String, failure: String)
    /// This process may open `limit` descriptors, which are too few for `connections`.
    case descriptorsShort(limit: UInt64, connections: Int)
    /// Clients are turned away for want of descriptors; said once, and again after an hour without.
    ///
    /// - Parameter limit: what this process may open; nil: it is the system that has none left, or no memory.
    case descriptorsExhausted(limit: UInt64?)
    /// Nobody was turned away so for an hour.
    case descriptorsFree
    /// A client begins its connections to a listener with a PROXY header, and no header is taken there.
    case headerUnexpected(IPAddress, listener: String)
    /// A name has these addresses now.
    ///
    /// - Parameter source: who said so.
    case resolved(name: String, [IPAddress], source: String?)
    /// A name cannot be resolved now.
    ///
    /// - Parameter keepsAddresses: whether there are some from before.
    case unresolved(name: String, failure: String, keepsAddresses: Bool)
    /// A list of networks was had for the first time, is another one, or is back.
    case listLoaded(ListNews)
    /// A list of networks cannot be had; said once, until it can.
    ///
    /// - Parameter kept: networks of the former one, which goes on to hold; nil: there was none.
    case listFailed(name: String, failure: String, kept: Int?)
    /// Probes found out something else than those before them.
    case verdict(Diagnosis)
    /// Places of one endpoint became healthy or unhealthy.
    ///
    /// - Parameter found: of those that became healthy, that they are well, if probes say so and it was not said before.
    case health([ProbedPlace], isHealthy: Bool, Witness, found: Diagnosis? = nil)
    case tailnet(TailnetNews)
    /// tailscaled runs in userspace mode, so these upstreams cannot be dialled directly.
    case userspace([String])
    /// A signal that changes nothing came.
    case signalIgnored(OtherSignal)
    /// Another configuration is served.
    case reloaded(ConfigurationDifference, warnings: [CommandAnswer.Problem])
    /// A reload was asked for, and what is served has not changed.
    case reloadFailed([CommandAnswer.Problem])
    /// A messenger has taken a notice.
    ///
    /// - Parameter lost: notices before it that were given up.
    case noticeSent(to: String, Notice, lost: Int)
    /// A messenger does not take notices any more; said once, until one arrives.
    case noticeFailed(to: String, failure: String)
    /// A network is banned, would be, or is no longer.
    case ban(BanNews)
    /// Something about bans does not work as it should, and everything else does.
    case bansFailed(String, fix: String? = nil)
    /// So many connections were served since the start without being counted against their client's limits: the table of client networks is full.
    case clientTableFull(connections: Int, slots: Int)
    /// The mailbox bans this edge: it turns away everybody whose address it does not learn from a header.
    case edgeBanned([IPAddress])
    /// The edge serves in the place of another process, with its sockets where it had them.
    case takeover([Opening])
    /// Another process wanted to take over and could not: the edge goes on.
    case takeoverFailed(String)
    /// The edge no longer accepts; `live` connections may finish within `limit`.
    case draining(StopCause, live: Int, limit: Duration)
    /// A second signal: `live` connections end at once.
    case cutShort(StopCause, live: Int)
    case stopped(accepted: Int)
    /// To one subscriber of the ledger: what it did not get: it reads too slowly, where nothing else is said.
    ///
    /// - Parameter failure: that its lines could not be written, and why.
    case eventsLost(Int, failure: String? = nil)
    case recordsLost(Int, failure: String? = nil)
    /// What the mailbox of `tailwart try` learned.
    case sandbox(String)

    /// Of one place alone.
    package static func verdict(_ place: ProbedPlace, _ result: ProbeResult, serverName: String?) -> EdgeEvent {
        .verdict(Diagnosis([AskedPlace(place, serverName: serverName)], result))
    }
}

/// Something about the tailnet, in words that were found where tailscaled was asked.
package struct TailnetNews: Sendable, Equatable {
    package enum Change: String, CaseIterable, Sendable {
        case gone = "tailscaled_gone"
        case back = "tailscaled_back"
        case restarted = "tailscaled_restarted"
        case state = "tailscaled_state"
        case ownAddresses = "own_addresses"
        case keyExpires = "key_expires"
        case keyExpired = "key_expired"
        case keyRenewed = "key_renewed"
        case peerMissing = "peer_missing"
        case peerRenamed = "peer_renamed"
        case peerOffline = "peer_offline"
        case peerBack = "peer_back"
        case peerAddresses = "peer_addresses"
        case path
        /// Of ``EdgeEvent/userspace(_:)``.
        case userspace
    }

    /// How packets reach another host.
    package enum Path: String, CaseIterable, Sendable {
        case direct
        case peerRelay = "peer_relay"
        case derp
    }

    package let change: Change
    package let level: EventLevel
    /// What happened, without a full stop.
    package let sentence: String
    /// What to do; nil if nothing.
    package let fix: String?
    /// The peer that it is about; nil for this host and its tailscaled.
    package var name: String?
    /// How it is reached now, of a change of path.
    package var path: Path?
    /// There and back, of the same.
    package var roundTrip: Duration?
    /// Seconds since 1970, of the same.
    package var lastHandshake: Int?
    /// Seconds that this was ago.
    package var handshakeAge: Int?

    package init(change: Change, level: EventLevel, sentence: String, fix: String?) {
        self.change = change
        self.level = level
        self.sentence = sentence
        self.fix = fix
    }
}

/// How grave a line of the log is.
package enum EventLevel: String, CaseIterable, Sendable, Comparable {
    case debug
    case info
    case warning
    /// Mail cannot flow, or soon will not.
    case error

    package static func < (left: EventLevel, right: EventLevel) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .debug: 0
        case .info: 1
        case .warning: 2
        case .error: 3
        }
    }
}
