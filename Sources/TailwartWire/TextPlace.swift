/// A place in a file; both numbers count from 1, columns in Unicode scalars.
package struct TextPlace: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let line: Int
    package let column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    package static let start = TextPlace(line: 1, column: 1)

    package static func < (first: TextPlace, second: TextPlace) -> Bool {
        (first.line, first.column) < (second.line, second.column)
    }

    package var description: String { "\(line):\(column)" }
}
