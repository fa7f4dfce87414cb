import TailwartWire

/// What asking a name server for one name brought.
struct LookupAnswer: Sendable, Equatable {
    enum Outcome: Sendable, Equatable {
        /// As they came, and how long they hold, in seconds (0: a hosts file).
        case addresses([IPAddress], timeToLive: Int)
        /// What c-ares says of the failure.
        case failed(String, Failure)
    }

    enum Failure: Sendable, Equatable {
        /// There is no such name, or it has no address.
        case noAddress
        /// No server spoke at all.
        case silence
        case other
    }

    let name: String
    let outcome: Outcome
    /// Whether both families have been answered for. Of addresses without that, those of the other family are not known: its
    /// answer is to come, or nobody gives one.
    var isWhole = true
    /// Whether nothing more comes.
    var isLast = true
}
