import TailwartWire

/// Where something stands in a file that is imported; both numbers count from 1, columns in Unicode scalars.
package struct SourcePosition: Sendable, Hashable {
    package let file: String
    package let line: Int
    package let column: Int
    /// In JSON also the way to it from the top (RFC 6901).
    package var pointer: String?

    static func start(of file: String) -> SourcePosition { SourcePosition(file: file, line: 1, column: 1) }

    /// Of two in the same file.
    func precedes(_ other: SourcePosition) -> Bool { (line, column) < (other.line, other.column) }

    /// For a comment, in a sentence: `line 7 (/apps/layer4/servers/smtp)`, with the file where it is not the main one.
    func inWords(of main: String) -> String {
        let line = file == main ? "line \(line)" : "line \(line) of \(file)"
        return pointer.map { "\(line) (\($0))" } ?? line
    }
}

extension SourcePosition: CustomStringConvertible {
    /// `caddy.json:7:21`.
    package var description: String { "\(file.printable):\(line):\(column)" }
}

/// A file that cannot be read as what it is said to be.
struct SyntaxProblem: Error {
    let message: String
    let position: SourcePosition

    init(_ message: String, at position: SourcePosition) {
        self.message = message
        self.position = position
    }
}
