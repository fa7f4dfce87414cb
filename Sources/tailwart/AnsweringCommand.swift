import ArgumentParser
import TailwartCore

/// A command whose answer a script can read: one object on standard output, also where there is no answer.
protocol AnsweringCommand: ParsableCommand {
    var json: Bool { get }

    /// What is said where the command came to nothing.
    func answer(problems: [CommandAnswer.Problem]) -> CommandAnswer
}

extension ArgumentHelp {
    /// - Parameters:
    ///   - keys: those that are not in every answer.
    ///   - option: the one that it goes with.
    static func json(_ keys: String..., with option: String? = nil) -> ArgumentHelp {
        let keys = (["ok", "problems"] + keys).joined(separator: ", ")
        let print = option.map { "With \($0): print" } ?? "Print"
        return "\(print) one JSON object, whatever the result, with these keys: \(keys)."
    }
}

/// A command that ends with a message on standard error.
struct Failure: Error, CustomStringConvertible {
    let code: CInt
    let message: String
    /// The same for a script.
    let problems: [CommandAnswer.Problem]

    var description: String { message }

    private init(code: CInt, _ message: String, file: String?, _ problems: [CommandAnswer.Problem]?) {
        self.code = code
        self.message = message
        self.problems = problems ?? [CommandAnswer.Problem(.error, message, file: file)]
    }

    /// A problem was found.
    static func notGood(
        _ message: String, file: String? = nil, problems: [CommandAnswer.Problem]? = nil
    ) -> Failure {
        Failure(code: 1, message, file: file, problems)
    }

    /// It could not be carried out.
    static func notDone(_ message: String, file: String? = nil) -> Failure {
        Failure(code: 3, message, file: file, nil)
    }

    /// Another process does it, and goes on (`EX_TEMPFAIL`, sysexits.h): nothing has changed, and the same may be tried again.
    static func tryAgain(_ message: String) -> Failure { Failure(code: 75, message, file: nil, nil) }

    /// The arguments were good, and what they name is not.
    static func wrongUse(_ message: String, of command: String, file: String? = nil) -> Failure {
        Failure(
            code: 2, "Error: \(message)\nSee 'tailwart \(command) --help' for more information.", file: file,
            [CommandAnswer.Problem(.error, message, file: file)])
    }

    /// After what was found out before.
    func after(_ earlier: [CommandAnswer.Problem]) -> Failure {
        Failure(code: code, message, file: nil, earlier + problems)
    }
}
