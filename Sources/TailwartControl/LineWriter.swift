import Glibc
import Synchronization
package import TailwartCore
package import TailwartSystem

/// The subscriber of the ledger that writes lines on one descriptor. On a thread of its own, because that may block while the other end is
/// not read.
package final class LineWriter: Sendable {
    /// A line is written before this many bytes have gathered.
    private static let batch = 64 * 1024

    private let subscription: Subscription
    private let format: Mutex<LogSettings.Format>
    private let output: CInt
    /// Whether the journal reads it, which takes a line's priority from its beginning (sd-daemon(3)).
    private let isJournal: Bool
    private let watched: WatchedLines?

    /// Writes from now on, until the ledger ends.
    ///
    /// - Parameters:
    ///   - output: a descriptor that stays the caller's, usually standard output.
    ///   - watched: how text looks for a person who watches it as it comes.
    @discardableResult
    package init(
        _ configuration: LogSettings, of ledger: Ledger, output: CInt = STDOUT_FILENO, watched: WatchedLines? = nil
    ) throws(SystemError) {
        self.output = output
        self.watched = watched
        isJournal = ServiceManager.isJournal(output, FileSystem.environment)
        self.format = Mutex(Self.format(configuration, output, isJournal))
        subscription = try ledger.subscribe(from: configuration.level)
        _ = try Thread(name: "log") { self.run() }
    }

    private static func format(
        _ configuration: LogSettings, _ output: CInt, _ isJournal: Bool
    ) -> LogSettings.Format {
        configuration.format ?? (isJournal || isatty(output) == 1 ? .text : .json)
    }

    /// Of lines that are written from now on.
    package func change(to configuration: LogSettings) {
        format.withLock { $0 = Self.format(configuration, output, isJournal) }
        subscription.change(to: configuration.level)
    }

    private func run() {
        var batch = LineBatch(hasPriorities: isJournal, watched: watched)
        while let entries = subscription.next() {
            let format = self.format.withLock { $0 }
            for entry in entries {
                batch.add(entry, format)
                if batch.lines.bytes.count >= Self.batch { flush(&batch) }
            }
            flush(&batch)
        }
        batch.noteLost(at: Clock.wall(), self.format.withLock { $0 })
        flush(&batch)
    }

    /// Blocks while the reader does not read. A reader that is gone loses its lines and no more.
    private func flush(_ batch: inout LineBatch) {
        var start = 0
        while start < batch.lines.bytes.count {
            let written = batch.lines.bytes.withUnsafeBytes { bytes in
                Glibc.write(output, bytes.baseAddress.map { $0 + start }, bytes.count - start)
            }
            if written > 0 {
                start += written
            } else if errno == EAGAIN {
                var poll = pollfd(fd: output, events: Int16(POLLOUT), revents: 0)
                _ = Glibc.poll(&poll, 1, -1)
            } else if errno != EINTR {
                let failure = "standard output could not be written: \(Errno.current)"
                return batch.failed(after: start, because: failure)
            }
        }
        batch.allWritten()
    }
}
