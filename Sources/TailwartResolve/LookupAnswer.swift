import TailwartWire

/// What asking a name server for one name brought.
struct LookupAnswer: Sendable, Equatable {
    enum Outcome: Sendable, Equatable {
        /// As they came, and how long they hold, in seconds (0: a hosts file).
        case addresses([IPAddress], timeToLive: Int)
        /// What c-ares says of the failure, and whether no server spoke at all.
        case failed(String, isSilence: Bool)
    }

    let name: String
    let outcome: Outcome
}
