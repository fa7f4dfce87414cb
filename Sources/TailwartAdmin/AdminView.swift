package import TailwartCore
import TailwartWire

/// What the admin interface knows of the edge, and may do with it. All of it is called on the interface's own thread, and answers soon.
package struct AdminView: Sendable {
    /// Why clients should go elsewhere; nil: they should not.
    package var notReady: @Sendable () -> String?
    /// What `tailwart status` shows.
    package var status: @Sendable () -> CommandAnswer
    package var connections: @Sendable (ConnectionFilter) -> ConnectionList
    /// Whether there was a connection with this id; nil where that is not known.
    package var close: @Sendable (_ id: UInt64) -> Bool?
    /// Accepts no more, lets connections finish for so long (nil: as the file says), and ends the edge.
    ///
    /// - Returns: false if the edge drains already.
    package var drain: @Sendable (Duration?) -> Bool
    package var setLogLevel: @Sendable (EventLevel) -> Void
    /// Reads the file anew; nil where there is no file.
    ///
    /// - Parameter isTrial: only says what would change.
    package var reload: (@Sendable (_ isTrial: Bool) -> CommandAnswer)?
    /// Has the places of these upstreams probed now; of all where none is named.
    ///
    /// - Parameter done: called once, on any thread, when all were or it took too long.
    /// - Returns: why it cannot be; then `done` is not called.
    package var probe:
        @Sendable (_ upstreams: [String], _ done: @escaping @Sendable (CommandAnswer) -> Void) -> CommandAnswer.Problem?
    package var metrics: @Sendable (MetricsFormat) -> String
    /// All that the ledger hands on from now on.
    ///
    /// - Parameter onNews: called, on any thread, when there is something to take again.
    package var subscribe: @Sendable (RecordsWanted, _ onNews: @escaping @Sendable () -> Void) -> any AdminFeed
    /// What this host is called, in lower case.
    package var hostNames: @Sendable () -> [String]
    /// Who is kept out; nil where nobody is.
    package var bans: (any AdminBans)?

    package init(
        notReady: @escaping @Sendable () -> String?, status: @escaping @Sendable () -> CommandAnswer,
        connections: @escaping @Sendable (ConnectionFilter) -> ConnectionList,
        close: @escaping @Sendable (UInt64) -> Bool?, drain: @escaping @Sendable (Duration?) -> Bool,
        setLogLevel: @escaping @Sendable (EventLevel) -> Void,
        reload: (@Sendable (Bool) -> CommandAnswer)? = nil,
        probe: @escaping @Sendable ([String], @escaping @Sendable (CommandAnswer) -> Void) -> CommandAnswer.Problem?,
        metrics: @escaping @Sendable (MetricsFormat) -> String,
        subscribe: @escaping @Sendable (RecordsWanted, @escaping @Sendable () -> Void) -> any AdminFeed,
        hostNames: @escaping @Sendable () -> [String], bans: (any AdminBans)? = nil
    ) {
        self.notReady = notReady
        self.status = status
        self.connections = connections
        self.close = close
        self.drain = drain
        self.setLogLevel = setLogLevel
        self.reload = reload
        self.probe = probe
        self.metrics = metrics
        self.subscribe = subscribe
        self.hostNames = hostNames
        self.bans = bans
    }
}

/// Records and events for one reader, as they come.
package protocol AdminFeed: AnyObject, Sendable {
    /// Takes what has come, a number of entries at most; nil when there will be no more.
    func take(atMost count: Int) -> [AdminFeedEntry]?
    /// Nobody reads any more.
    func close()
}

package struct AdminFeedEntry: Sendable {
    /// `record`, or the event's own name.
    package let name: String
    /// One line of JSON.
    package let json: String

    package init(name: String, json: String) {
        self.name = name
        self.json = json
    }
}
