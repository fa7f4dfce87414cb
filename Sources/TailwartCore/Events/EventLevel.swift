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
