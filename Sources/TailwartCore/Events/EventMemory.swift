package import TailwartWire

/// What the edge has said, as far as an operator asks for it later: since when things are as they are, and what was grave lately.
package struct EventMemory: Sendable {
    /// Grave events that are remembered.
    package static let limit = 20
    /// Names and places that are remembered, so that no number of reloads fills memory.
    static let nameLimit = 4096

    package struct Name: Sendable, Equatable {
        package var addresses: [IPAddress]
        package var source: String?
        /// Why it does not resolve now; nil if it does.
        package var failure: String?
        /// Microseconds since 1970.
        package var since: Int64

        package init(addresses: [IPAddress] = [], source: String? = nil, failure: String? = nil, since: Int64) {
            self.addresses = addresses
            self.source = source
            self.failure = failure
            self.since = since
        }
    }

    package struct Said: Sendable, Equatable {
        package let event: EdgeEvent
        /// Microseconds since 1970.
        package let at: Int64
    }

    /// At `warning` or graver, the latest last.
    package private(set) var grave: [Said] = []
    /// When the verdict of the last probe was another for the last time.
    package private(set) var verdicts: [AskedPlace: Int64] = [:]
    /// The same of whether a place is healthy.
    package private(set) var standings: [ProbedPlace: Int64] = [:]
    package private(set) var names: [String: Name] = [:]
    private var aspects: [TailnetNews.Aspect: (news: TailnetNews, at: Int64)] = [:]

    package init() {}

    /// What was said of the tailnet last, of each of its aspects, the latest first.
    package var tailnet: [(news: TailnetNews, at: Int64)] { aspects.values.sorted { $0.at > $1.at } }

    /// - Parameter time: microseconds since 1970.
    package mutating func add(_ event: EdgeEvent, at time: Int64) {
        if event.level >= .warning {
            grave.append(Said(event: event, at: time))
            if grave.count > Self.limit { grave.removeFirst() }
        }
        switch event {
        case .verdict(let found): add(found, at: time)
        case .health(let places, _, _, let found):
            if standings.count >= Self.nameLimit { standings = [:] }
            for place in places { standings[place] = time }
            if let found { add(found, at: time) }
        case .resolved(let name, let addresses, let source):
            if names.count >= Self.nameLimit { names = [:] }
            names[name] = Name(addresses: addresses, source: source, since: time)
        case .unresolved(let name, let failure, let keepsAddresses):
            if names.count >= Self.nameLimit { names = [:] }
            names[name] = Name(
                addresses: keepsAddresses ? names[name]?.addresses ?? [] : [], source: names[name]?.source,
                failure: failure, since: time)
        case .tailnet(let news):
            if aspects.count >= Self.nameLimit { aspects = [:] }
            aspects[news.aspect] = (news, time)
        default: break
        }
    }

    private mutating func add(_ found: Diagnosis, at time: Int64) {
        if verdicts.count >= Self.nameLimit { verdicts = [:] }
        for asked in found.asked { verdicts[asked] = time }
    }
}

extension TailnetNews {
    /// What a change is about: the next one of the same says that the one before is over. Each with the peer; nil: this host.
    package enum Aspect: Sendable, Hashable {
        case tailscaled
        case addresses(of: String?)
        case key(of: String?)
        case peer(String?)
        case path(to: String?)
    }

    package var aspect: Aspect {
        switch change {
        case .gone, .back, .restarted, .state, .userspace: .tailscaled
        case .ownAddresses, .peerAddresses: .addresses(of: name)
        case .keyExpires, .keyExpired, .keyRenewed: .key(of: name)
        case .peerMissing, .peerRenamed, .peerOffline, .peerBack: .peer(name)
        case .path: .path(to: name)
        }
    }
}
