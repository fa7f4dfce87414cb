/// Which records a reader of the ledger wants; each takes in the one before it.
package enum RecordsWanted: String, CaseIterable, Sendable, Comparable {
    case none
    /// Of clients that were not served.
    case unserved
    case all

    package func takes(_ record: Record) -> Bool {
        switch self {
        case .none: false
        case .unserved: record.ending.reason.isUnserved
        case .all: true
        }
    }

    private var order: Int { RecordsWanted.allCases.firstIndex(of: self) ?? 0 }

    package static func < (one: RecordsWanted, other: RecordsWanted) -> Bool { one.order < other.order }
}
