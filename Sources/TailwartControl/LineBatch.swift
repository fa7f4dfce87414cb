import TailwartCore

/// Lines on their way to a descriptor that may fail, as on a full disk: a line that was begun is written to its end before any other, so that
/// no two stand in one, and those that could not be written are counted.
struct LineBatch {
    private struct Line {
        let end: Int
        /// What is lost with it.
        var records = 0
        var events = 0

        var isRest: Bool { records == 0 && events == 0 }
    }

    private(set) var lines = LineBuffer()
    /// Of all lines in ``lines``, in their order.
    private var marks: [Line] = []
    /// Since it was last said.
    private var lost = Line(end: 0)
    private var failure = ""
    private let hasPriorities: Bool
    private let watched: WatchedLines?

    /// - Parameters:
    ///   - hasPriorities: whether each line begins with its priority, as the journal wants it.
    ///   - watched: how text looks for a person who watches it as it comes.
    init(hasPriorities: Bool = false, watched: WatchedLines? = nil) {
        self.hasPriorities = hasPriorities
        self.watched = watched
    }

    mutating func add(_ entry: LedgerEntry, _ format: LogSettings.Format) {
        noteLost(at: entry.time, format)
        let weight: (records: Int, events: Int) =
            switch entry {
            case .record: (1, 0)
            case .event(.recordsLost(let count, _), _): (count, 0)
            case .event(.eventsLost(let count, _), _): (0, count)
            case .event: (0, 1)
            }
        let priority = hasPriorities ? entry.priority : ""
        lines.append(priority)
        switch (entry, format) {
        case (.record(let record), .json): RecordLine(record.record).writeJSON(to: &lines)
        case (.record(let record), .text):
            let line = RecordLine(record.record)
            if let watched { watched.write(line, to: &lines) } else { line.writeText(to: &lines) }
        case (.event(let event, let time), .json): event.writeJSON(at: time, to: &lines)
        case (.event(let event, let time), .text):
            if let watched {
                watched.write(event, at: time, to: &lines)
            } else {
                event.writeText(at: time, priority: priority, to: &lines)
            }
        }
        marks.append(Line(end: lines.bytes.count, records: weight.records, events: weight.events))
    }

    /// Says what was lost, where it would have stood.
    mutating func noteLost(at time: Int64, _ format: LogSettings.Format) {
        guard lost.records > 0 || lost.events > 0 else { return }
        let (records, events) = (lost.records, lost.events)
        lost = Line(end: 0)
        if events > 0 { add(.event(.eventsLost(events, failure: failure), at: time), format) }
        if records > 0 { add(.event(.recordsLost(records, failure: failure), at: time), format) }
    }

    mutating func allWritten() {
        lines.removeAll()
        marks.removeAll(keepingCapacity: true)
    }

    /// Only the first `count` bytes were written.
    mutating func failed(after count: Int, because failure: String) {
        self.failure = failure
        let next = marks.firstIndex { $0.end > count } ?? marks.endIndex
        let begin = next == 0 ? 0 : marks[next - 1].end
        // The rest of a line that was begun weighs nothing: it stands there, and is not lost.
        let isBegun = next < marks.endIndex && (count > begin || (next == 0 && marks[0].isRest))
        for line in marks[(isBegun ? next + 1 : next)...] {
            lost.records += line.records
            lost.events += line.events
        }
        guard isBegun else { return allWritten() }
        lines.keep(count..<marks[next].end)
        marks = [Line(end: lines.bytes.count)]
    }
}

extension LedgerEntry {
    /// As syslog(3) numbers them.
    fileprivate var priority: StaticString {
        switch self {
        case .record: "<6>"
        case .event(let event, _):
            switch event.level {
            case .debug: "<7>"
            case .info: "<6>"
            case .warning: "<4>"
            case .error: "<3>"
            }
        }
    }
}
