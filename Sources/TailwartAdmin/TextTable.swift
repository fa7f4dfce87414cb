/// A table for a terminal: columns as wide as what is in them, two spaces between.
struct TextTable {
    private let head: [String]
    private let rows: [[String]]
    /// Columns of numbers, which end below each other.
    private let numbers: Set<Int>

    init(_ head: [String], numbers: Set<Int> = [], _ rows: [[String]]) {
        self.head = head
        self.numbers = numbers
        self.rows = rows
    }

    /// Without spaces at the ends of lines.
    var lines: [String] {
        let all = [head] + rows
        let widths = head.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                if column > 0 { line += "  " }
                let space = String(repeating: " ", count: widths[column] - cell.count)
                line += numbers.contains(column) ? space + cell : cell + space
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}

/// Numbers as people read them.
package enum Shown {
    /// `3 h 12 min`, of whole seconds.
    package static func duration(seconds: Int) -> String {
        switch seconds {
        case ..<60: "\(max(0, seconds)) s"
        case ..<3600: "\(seconds / 60) min"
        case ..<86_400: "\(seconds / 3600) h \(seconds / 60 % 60) min"
        default: "\(seconds / 86_400) d \(seconds / 3600 % 24) h"
        }
    }

    package static func bytes(_ count: Int) -> String {
        switch count {
        case ..<1000: "\(count) B"
        case ..<1_000_000: "\(tenths(count, 1000)) kB"
        case ..<1_000_000_000: "\(tenths(count, 1_000_000)) MB"
        default: "\(tenths(count, 1_000_000_000)) GB"
        }
    }

    private static func tenths(_ value: Int, _ unit: Int) -> String { "\(value / unit).\(value / (unit / 10) % 10)" }

    static func milliseconds(microseconds: Int) -> String {
        microseconds < 10_000 ? "\(tenths(microseconds, 1000)) ms" : "\(microseconds / 1000) ms"
    }
}
