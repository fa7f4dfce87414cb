import Glibc

/// What a person at a terminal reads while a command takes its time. Scripts and logs get nothing of it.
enum Progress {
    static func isShown(json: Bool = false) -> Bool { !json && isatty(STDERR_FILENO) == 1 }

    static func say(_ text: String) { printError("\(text) …") }
}
