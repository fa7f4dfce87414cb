import Glibc
package import TailwartCore
package import TailwartSystem

/// The subscriber of the ledger that writes lines on one descriptor. On a thread of its own, because that may block while the other end is
/// not read.
package final class LineWriter: Sendable {
    /// A line is written before this many bytes have gathered.
    private static let batch = 64 * 1024

    private let subscription: Subscription
    private let format: LogSettings.Format
    private let output: CInt

    /// Writes from now on, until the ledger ends.
    ///
    /// - Parameter output: a descriptor that stays the caller's, usually standard output.
    @discardableResult
    package init(
        _ configuration: LogSettings, of ledger: Ledger, output: CInt = STDOUT_FILENO
    ) throws(SystemError) {
        self.output = output
        format = configuration.format ?? (isatty(output) == 1 ? .text : .json)
        subscription = try ledger.subscribe(from: configuration.level)
        _ = try Thread(name: "log") { self.run() }
    }

    private func run() {
        var lines = LineBuffer()
        while let entries = subscription.next() {
            for entry in entries {
                write(entry, to: &lines)
                if lines.bytes.count >= Self.batch { flush(&lines) }
            }
            flush(&lines)
        }
    }

    private func write(_ entry: LedgerEntry, to lines: inout LineBuffer) {
        switch (entry, format) {
        case (.record(let record), .json): RecordLine(record.record).writeJSON(to: &lines)
        case (.record(let record), .text): RecordLine(record.record).writeText(to: &lines)
        case (.event(let event, let time), .json): event.writeJSON(at: time, to: &lines)
        case (.event(let event, let time), .text): event.writeText(at: time, to: &lines)
        }
    }

    /// Blocks while the reader does not read. A reader that is gone loses its lines and no more.
    private func flush(_ lines: inout LineBuffer) {
        var start = 0
        while start < lines.bytes.count {
            let written = lines.bytes.withUnsafeBytes { bytes in
                Glibc.write(output, bytes.baseAddress.map { $0 + start }, bytes.count - start)
            }
            if written > 0 {
                start += written
            } else if errno == EAGAIN {
                var poll = pollfd(fd: output, events: Int16(POLLOUT), revents: 0)
                _ = Glibc.poll(&poll, 1, -1)
            } else if errno != EINTR {
                break
            }
        }
        lines.removeAll()
    }
}
