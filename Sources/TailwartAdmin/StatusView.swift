package import TailwartWire

/// What a live view shows: the latest status, and what has come between it and the one before. A value without a clock or a terminal.
package struct StatusView {
    package struct Snapshot {
        let status: JSON
        /// The connections that moved most.
        let busiest: JSON
        /// Microseconds on some clock.
        let at: UInt64

        package init(status: JSON, busiest: JSON, at: UInt64) {
            self.status = status
            self.busiest = busiest
            self.at = at
        }
    }

    private var latest: Snapshot
    private var before: Snapshot?
    private var failure: String?

    package init(_ first: Snapshot) { latest = first }

    package mutating func take(_ next: Snapshot) {
        (before, latest, failure) = (latest, next, nil)
    }

    /// The edge does not answer any more, or not now.
    package mutating func lost(_ failure: String) { self.failure = failure }

    /// From the top; what does not fit is left out.
    ///
    /// - Parameter height: lines of the screen.
    package func lines(height: Int) -> [String] {
        let text = StatusText(latest.status)
        let head = [text.headline, rates] + (failure.map { ["", "✗ \($0.printable)"] } ?? []) + text.problems
        let foot = ["", "q leaves"]
        // Its head and three of them.
        let turnedAway = Array(text.turnedAway.prefix(4))
        let sections = [
            text.listeners, text.places, turnedAway, ["BUSIEST"] + ConnectionsText(latest.busiest).lines, text.events,
        ]
        var lines = head
        for section in sections where !section.isEmpty {
            let room = height - foot.count - lines.count - 1
            guard room > 1 else { break }
            lines += [""] + section.prefix(room)
        }
        return Array(lines.prefix(max(0, height - foot.count))) + foot
    }

    /// `12 open, 3 connections/s, 1.2 kB/s in, 3.4 kB/s out`.
    private var rates: String {
        let open = latest.status["totals"]?["open"]?.integer ?? 0
        guard let before, latest.at > before.at else { return "\(open) open" }
        let time = latest.at - before.at
        func rate(_ count: (JSON) -> Int) -> Int {
            // Less than before: another edge answers.
            max(0, count(latest.status) - count(before.status)) * 1_000_000 / Int(clamping: time)
        }
        let accepted = rate { $0["totals"]?["accepted"]?.integer ?? 0 }
        let inbound = rate { Self.bytes("bytes_in", $0) }
        let outbound = rate { Self.bytes("bytes_out", $0) }
        return "\(open) open, \(accepted) connections/s, \(Shown.bytes(inbound))/s in, \(Shown.bytes(outbound))/s out"
    }

    /// Of connections that are over.
    private static func bytes(_ key: String, _ status: JSON) -> Int {
        (status["listeners"]?.list ?? []).reduce(0) { $0 + ($1[key]?.integer ?? 0) }
    }
}
