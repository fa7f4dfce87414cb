extension HealthWatch {
    /// What is probed.
    package struct Subject: Sendable {
        package let key: Key
        package let place: ProbedPlace
        package let interval: Duration
        package let affects: HealthSettings.Affects
        package let rise: Int
        package let fall: Int
        /// Whether connections to it end when it becomes unhealthy.
        package let closesIfUnhealthy: Bool
        /// The names that clients ask for, one probe for each in turn; nil asks for none. Never empty.
        package let serverNames: [String?]

        package init(
            key: Key, place: ProbedPlace, interval: Duration, affects: HealthSettings.Affects, rise: Int, fall: Int,
            closesIfUnhealthy: Bool, serverNames: [String?]
        ) {
            self.key = key
            self.place = place
            self.interval = interval
            self.affects = affects
            self.rise = rise
            self.fall = fall
            self.closesIfUnhealthy = closesIfUnhealthy
            self.serverNames = serverNames
        }
    }

    package enum Event: Sendable {
        /// Nothing but time passed.
        case tick
        /// Others are watched from now on. Those that stay keep their standing and all that is known of them.
        ///
        /// - Parameter asked: what is to be probed soon, though it stays: what a probe asks there is not the same.
        case subjects([Subject], asked: Set<Key>, reachable: Set<Key>)
        /// These subjects have addresses, or need none; all others have none.
        case reachable(Set<Key>)
        case probed(Key, serverName: String?, ProbeResult)
        /// Whether the setup page of a subject's host answers.
        case setupPage(Key, isOpen: Bool)
        /// What connections met since the last look.
        case traffic(Key, successes: Int, failures: Int)
        /// The mailbox took a client's PROXY header for commands.
        ///
        /// - Parameter isOfOneAddress: whether the place has another address that is not known to do so.
        case mistrusted(Key, isOfOneAddress: Bool)
        /// Whether a subject's host answers over the tailnet; nil: nobody knows.
        case path(Key, isUp: Bool?)
        case tailnet(TailnetNews)
        /// Somebody wants these to be probed now, whatever the time; that it is done is ``Effect/fulfilled(_:late:resting:)``.
        ///
        /// - Parameter within: how long he waits for it.
        case ordered(Int, Set<Key>, within: Duration)
    }

    package enum Effect: Sendable, Equatable {
        /// Ask the place; the answer is ``Event/probed(_:serverName:_:)``.
        ///
        /// - Parameter listensFor: how long to wait for a greeting before a header is sent; nil: as long as a probe does by itself.
        case probe(Key, serverName: String?, listensFor: Duration?)
        /// Ask for the setup page; the answer is ``Event/setupPage(_:isOpen:)``.
        case askSetupPage(Key)
        /// Ask whether the subject's host answers over the tailnet; the answer is ``Event/path(_:isUp:)``.
        case askPath(Key)
        /// Look at what traffic met, at every place; what there is comes as ``Event/traffic(_:successes:failures:)``.
        case lookAtTraffic
        /// Tell the workers.
        ///
        /// - Parameters:
        ///   - trialsAreCostly: whether the mailbox counts what a trial meets against the edge.
        ///   - forgetsTraffic: what traffic met before counts no longer.
        case mark(Key, isUnhealthy: Bool, trialsAreCostly: Bool, forgetsTraffic: Bool)
        case say(EdgeEvent)
        /// End the connections to the place.
        case close(Key)
        /// What was ordered was probed, but for these: the time was over, or so many probes of theirs have cost lately that no more are made.
        case fulfilled(Int, late: Set<Key>, resting: Set<Key>)
    }
}
