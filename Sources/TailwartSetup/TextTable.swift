/// Columns as wide as their widest cell.
enum TextTable {
    static func write(_ heads: [String], _ rows: [[String]]) -> [String] {
        let widths = heads.indices.map { column in ([heads] + rows).map { $0[column].count }.max() ?? 0 }
        func line(_ cells: [String]) -> String {
            zip(cells, widths).enumerated().map { column, cell in
                column == cells.count - 1 ? cell.0 : cell.0.padded(to: cell.1)
            }.joined(separator: "  ")
        }
        return [line(heads), line(widths.map { String(repeating: "-", count: $0) })] + rows.map(line)
    }
}

extension String {
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
