import CTailwartLinux
import Glibc

/// The terminal of a program that shows something live: on its alternate screen, left as it was found.
package final class Terminal {
    package enum News: Sendable, Equatable {
        /// Somebody wants to leave: q, or a signal that ends programs.
        case left
        case resized
        case time
    }

    private static let numbers = [SIGINT, SIGTERM, SIGHUP, SIGWINCH]

    /// To be called first, before any thread is made: the signals are read here and nowhere else.
    package static func prepare() { Signals.block(numbers) }

    /// As they were found.
    private var settings = termios()
    private var signals: SignalInbox
    private var isEntered = false

    /// Nil where standard output or input is none.
    package init?() {
        guard isatty(STDOUT_FILENO) == 1, tcgetattr(STDIN_FILENO, &settings) == 0 else { return nil }
        guard let inbox = try? SignalInbox(Self.numbers) else { return nil }
        signals = inbox
    }

    deinit { signals.close() }

    /// 24 lines of 80 where the terminal does not tell.
    package var size: (rows: Int, columns: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0, size.ws_col > 0 else {
            return (24, 80)
        }
        return (Int(size.ws_row), Int(size.ws_col))
    }

    /// Takes the alternate screen and hides the cursor.
    package func enter() {
        // Ctrl-C is a signal still; other keys come one by one.
        var raw = settings
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO)
        tcsetattr(STDIN_FILENO, TCSANOW, &raw)
        write("\u{1b}[?1049h\u{1b}[?25l")
        isEntered = true
    }

    package func leave() {
        guard isEntered else { return }
        write("\u{1b}[?25h\u{1b}[?1049l")
        tcsetattr(STDIN_FILENO, TCSANOW, &settings)
        isEntered = false
    }

    /// Shows these lines from the top, each cut at the width, and nothing else.
    package func show(_ lines: [String]) {
        let (rows, columns) = size
        let shown = lines.prefix(rows).map { String($0.prefix(columns)) + "\u{1b}[K" }
        // Drawn over what stands there: cleared first, it would flicker.
        write("\u{1b}[H" + shown.joined(separator: "\r\n") + "\u{1b}[J")
    }

    /// Waits for somebody to do something, or for the time.
    package func wait(milliseconds: CInt) -> News {
        let end = Clock.monotonic() + UInt64(milliseconds) * 1000
        while true {
            let now = Clock.monotonic()
            guard now < end else { return .time }
            switch signals.wait(until: end, orInput: STDIN_FILENO) {
            case .signal(SIGWINCH): return .resized
            case .signal: return .left
            case .time: return .time
            case .rung:
                var key: UInt8 = 0
                // The end of the input: whoever was there is gone.
                guard read(STDIN_FILENO, &key, 1) == 1 else { return .left }
                if key == UInt8(ascii: "q") || key == 3 || key == 4 { return .left }
            }
        }
    }

    private func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { return }
        }
    }
}
