import Glibc
import Synchronization
package import TailwartCore
package import TailwartEngine
package import TailwartSystem

/// What the edge says: records of connections and events of its own, as lines on one descriptor, written by one thread.
///
/// The only thread that may block on a reader who does not read. When it does, records are lost at their rings and events in
/// the queue here, both counted and reported as soon as the reader is back: mail goes on.
package final class Log: Sendable {
    /// Events that may wait to be written.
    private static let queueLimit = 256
    /// Milliseconds that lines may wait for company: a busy edge wakes the writer fifty times a second, not at each connection.
    private static let gathering: CInt = 20
    /// A line of the queue is written before this many bytes have gathered.
    private static let batch = 64 * 1024

    package struct Event: Sendable {
        package let level: LogSettings.Level
        package let message: String
        /// For programs that read JSON; a person gets them in the message.
        let fields: [LogField]
        let time: Int64
    }

    private struct State {
        var queue: [Event] = []
        var lostEvents = 0
        var rings: [RecordRing] = []
        var stops = false
        var hasEnded = false
    }

    private let state = Mutex(State())
    package let waker: Waker
    package let format: LogSettings.Format
    package let level: LogSettings.Level
    private let output: CInt

    /// - Parameter output: a descriptor that stays the caller's, usually standard output.
    package init(_ configuration: LogSettings, output: CInt = STDOUT_FILENO) throws(SystemError) {
        waker = try Waker()
        self.output = output
        level = configuration.level
        format = configuration.format ?? (isatty(output) == 1 ? .text : .json)
    }

    package func start() throws(SystemError) {
        _ = try Thread(name: "log") { self.run() }
    }

    /// Whether lines of this level are written.
    package func writes(_ level: LogSettings.Level) -> Bool { level.rank >= self.level.rank }

    package func post(_ level: LogSettings.Level, _ message: String, _ fields: [LogField] = []) {
        guard writes(level) else { return }
        state.withLock { state in
            if state.queue.count < Self.queueLimit {
                state.queue.append(Event(level: level, message: message, fields: fields, time: Clock.wall()))
            } else {
                state.lostEvents += 1
            }
        }
        waker.ring()
    }

    /// From now on the records of these rings are written.
    package func follow(_ rings: [RecordRing]) {
        state.withLock { $0.rings = rings }
        waker.ring()
    }

    /// Writes what is left and ends the thread.
    ///
    /// - Returns: false if the reader did not take it within a second.
    @discardableResult
    package func finish() -> Bool {
        state.withLock { $0.stops = true }
        waker.ring()
        for _ in 0..<100 {
            if state.withLock(\.hasEnded) { return true }
            usleep(10_000)
        }
        return false
    }

    private func run() {
        var lines = LineBuffer()
        var reported = 0
        while true {
            let (events, lostEvents, rings, stops) = state.withLock { state in
                defer { (state.queue, state.lostEvents) = ([], 0) }
                return (state.queue, state.lostEvents, state.rings, state.stops)
            }
            for event in events { write(event, to: &lines) }
            if lostEvents > 0 {
                note("\(lostEvents) log lines were lost: standard output is not being read", to: &lines)
            }
            var moved = !events.isEmpty
            for ring in rings {
                while let record = ring.pop() {
                    moved = true
                    write(record, to: &lines)
                    if lines.bytes.count >= Self.batch { flush(&lines) }
                }
            }
            let lost = rings.reduce(0) { $0 + $1.lost }
            if lost > reported {
                note(
                    "\(lost - reported) connection records were lost: standard output is not read fast enough",
                    to: &lines)
                reported = lost
            }
            flush(&lines)
            if moved {
                if !stops { usleep(UInt32(Self.gathering) * 1000) }
                continue
            }
            if stops { break }
            for ring in rings { ring.readerWillSleep() }
            if rings.allSatisfy(\.isEmpty) { waker.wait(timeout: -1) }
        }
        state.withLock { $0.hasEnded = true }
    }

    private func write(_ record: Record, to lines: inout LineBuffer) {
        if writes(.info) {
            let line = RecordLine(record)
            if format == .json { line.writeJSON(to: &lines) } else { line.writeText(to: &lines) }
        }
        record.release()
    }

    private func note(_ message: String, to lines: inout LineBuffer) {
        guard writes(.warning) else { return }
        write(Event(level: .warning, message: message, fields: [], time: Clock.wall()), to: &lines)
    }

    private func write(_ event: Event, to lines: inout LineBuffer) {
        if format == .json {
            lines.append("{\"time\":\"")
            lines.append(time: event.time)
            lines.append("\",\"level\":\"")
            lines.append(text: event.level.rawValue)
            lines.append("\",\"message\":")
            lines.append(json: event.message)
            for field in event.fields {
                lines.append(",")
                field.write(to: &lines)
            }
            lines.append("}\n")
        } else {
            lines.append(clock: event.time)
            lines.append(" ")
            if event.level.rank > LogSettings.Level.info.rank {
                lines.append(text: event.level.rawValue)
                lines.append(": ")
            }
            lines.append(text: event.message)
            lines.append("\n")
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

extension LogSettings.Level {
    /// Higher is graver.
    var rank: Int {
        switch self {
        case .debug: 0
        case .info: 1
        case .warning: 2
        case .error: 3
        }
    }
}
