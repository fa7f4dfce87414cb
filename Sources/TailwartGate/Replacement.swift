import Glibc
import TailwartSystem

/// The command that takes this process's place when the gate opens.
package struct Replacement: Sendable {
    private let words: [String]
    private let inheritance: Inheritance

    /// - Parameter words: the command, found on the `PATH` if it has no slash, and its arguments.
    /// - Returns: nil if there is no command.
    package init?(_ words: [String], inheritance: Inheritance) {
        guard !words.isEmpty else { return nil }
        self.words = words
        self.inheritance = inheritance
    }

    /// Returns only if the command cannot be run.
    package func run() -> ReplacementFailure {
        inheritance.restore()
        var arguments = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        let command = words.first ?? ""
        execvp(command, &arguments)
        return ReplacementFailure(command: command, errno: .current)
    }
}

package struct ReplacementFailure: Error {
    /// As shells have it: 127 if there is no such command, 126 if it cannot be executed (POSIX, XCU 2.8.2).
    package let exitCode: CInt
    package let message: String

    init(command: String, errno: Errno) {
        let isPath = command.contains("/")
        if errno == .noEntry, isPath, access(command, F_OK) == 0 {
            exitCode = 126
            message =
                "\(command): the interpreter that its first line names is not there; install it, or correct that line"
        } else if errno == .noEntry {
            exitCode = 127
            message =
                isPath
                ? "\(command): there is no such file; correct the path behind --"
                : "\(command): no such command on the PATH; install it, or write its whole path behind --"
        } else if errno == .accessDenied {
            exitCode = 126
            message = "\(command): this user may not execute it; chmod +x it, or run as another user"
        } else {
            exitCode = 126
            message = "\(command): cannot be executed: \(errno); is it a program for this kind of machine?"
        }
    }
}
