package import TailwartCore
import TailwartSystem
import TailwartWire

/// How lines look that a person watches as they come, and that no program reads.
package struct WatchedLines: Sendable {
    private let hasColours: Bool

    package init(hasColours: Bool) { self.hasColours = hasColours }

    // Columns: what `tailwart try` shows fits in them, and what is longer pushes the rest.
    private static let listener = 12
    private static let client = 22
    private static let upstream = 12
    private static let size = 8

    /// The record in columns, the ending in the colour of its side:
    /// `21:30:00.123  smtp        192.0.2.7:40212       -> mailbox     in   1.2 kB  out    310 B  after    2.3 s  closed by client`.
    package func write(_ line: RecordLine, to out: inout LineBuffer) {
        begin(at: line.record.acceptedAt, &out)
        out.append(text: line.listener.name, paddedTo: Self.listener)
        out.append(text: line.client, paddedTo: Self.client)
        out.append("-> ")
        out.append(text: line.upstream ?? "nowhere", paddedTo: Self.upstream)
        out.append("in ")
        right(&out) { line.writeSize(line.record.inboundBytes, to: &$0) }
        out.append("  out ")
        right(&out) { line.writeSize(line.record.outboundBytes, to: &$0) }
        out.append("  after ")
        right(&out) { line.writeDuration(line.record.times.total, to: &$0) }
        out.append("  ")
        paint(line.record.ending.side == .edge || line.detail != nil ? .yellow : .green, &out) {
            line.writeEnding(to: &$0)
        }
        if let name = line.hello?.serverName {
            out.append("  ")
            out.append(text: String(name))
        }
        out.append("\n")
    }

    package func write(_ event: EdgeEvent, at time: Int64, to out: inout LineBuffer) {
        begin(at: time, &out)
        let colour: TerminalColour? =
            switch event.level {
            case .debug: .faint
            case .info: nil
            case .warning: .yellow
            case .error: .red
            }
        paint(colour, &out) { event.writeStatement(to: &$0) }
        out.append("\n")
        event.writeFurtherLines(to: &out)
    }

    private func begin(at time: Int64, _ out: inout LineBuffer) {
        paint(.faint, &out) { $0.append(clock: time) }
        out.append("  ")
    }

    private func paint(_ colour: TerminalColour?, _ out: inout LineBuffer, _ write: (inout LineBuffer) -> Void) {
        guard hasColours, let colour else { return write(&out) }
        out.append(text: colour.start)
        write(&out)
        out.append(text: TerminalColour.end)
    }

    private func right(_ out: inout LineBuffer, _ write: (inout LineBuffer) -> Void) {
        out.append(paddedTo: Self.size, write)
    }
}
