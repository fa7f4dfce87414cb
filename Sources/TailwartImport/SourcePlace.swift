import TailwartWire

/// Where something stands in a file that is imported; both numbers count from 1, columns in Unicode scalars.
package struct SourcePlace: Sendable, Hashable {
    package let file: String
    package let line: Int
    package let column: Int
    /// In JSON also the way to it from the top (RFC 6901).
    package var pointer: String?

    package init(file: String, line: Int, column: Int, pointer: String? = nil) {
        self.file = file
        self.line = line
        self.column = column
        self.pointer = pointer
    }

    /// For a comment, in a sentence: `line 7 (/apps/layer4/servers/smtp)`, with the file where it is not the main one.
    func inWords(of main: String) -> String {
        let line = file == main ? "line \(line)" : "line \(line) of \(file)"
        return pointer.map { "\(line) (\($0))" } ?? line
    }
}

extension SourcePlace: CustomStringConvertible {
    /// `caddy.json:7:21`.
    package var description: String { "\(file.printable):\(line):\(column)" }
}
