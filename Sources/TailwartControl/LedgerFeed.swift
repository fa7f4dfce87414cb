import Synchronization
import TailwartAdmin
import TailwartCore

/// A reader of the ledger over the admin interface.
final class LedgerFeed: AdminFeed {
    private let ledger: Ledger
    private let subscription: Subscription
    /// Taken from the ledger, and not by the reader yet: as much as a ``Subscription`` holds.
    private let left = Mutex<ArraySlice<LedgerEntry>>([])

    init(_ ledger: Ledger, records: RecordsWanted, onNews: @escaping @Sendable () -> Void) {
        self.ledger = ledger
        subscription = ledger.subscribe(from: .debug, records: records, onNews: onNews)
    }

    func take(atMost count: Int) -> [AdminFeedEntry]? {
        left.withLock { left in
            if left.isEmpty {
                guard let more = subscription.take() else { return nil }
                left = more[...]
            }
            let portion = left.prefix(count)
            left = left.dropFirst(count)
            return portion.map(AdminFeedEntry.init)
        }
    }

    func close() { ledger.unsubscribe(subscription) }
}

extension AdminFeedEntry {
    fileprivate init(_ entry: LedgerEntry) {
        var line = LineBuffer()
        switch entry {
        case .record(let record): RecordLine(record.record).writeJSON(to: &line)
        case .event(let event, let time): event.writeJSON(at: time, to: &line)
        }
        let json = String(decoding: line.bytes.dropLast(), as: UTF8.self)
        if case .event(let event, _) = entry {
            self.init(name: event.kind.name, json: json)
        } else {
            self.init(name: "record", json: json)
        }
    }
}
