extension DNSZones {
    /// Lines to paste into zone files; everything but records is a comment. One part for each zone.
    package var zoneSnippet: String {
        var lines: [String] = []
        for (index, zone) in zones.enumerated() {
            if index > 0 { lines.append("") }
            lines.append(
                "; For the zone that holds \(zone.name). Remove older records of the same names and types first.")
            let width = zone.width
            for group in zone.groups {
                lines += ["", "; \(group.purpose)"]
                lines += group.records.map { record in
                    "\("\(record.name).".padded(to: width + 1)) \(ZoneRecord.timeToLive) IN \(record.type.padded(to: 5)) "
                        + record.value
                }
            }
            if !zone.hints.isEmpty { lines.append("") }
            lines += zone.hints.flatMap { Prose.wrap($0, width: 110).map { "; \($0)" } }
        }
        lines += ["", "; Reverse record (PTR): ask the provider of the address for it, or set it in its web page:"]
        lines += reverse.map { "; \($0.record.name). IN PTR \($0.host)." }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The same to read, or to type into a provider's web page.
    package var table: String {
        let rows = zones.flatMap(\.groups).flatMap { group in group.records.map { ($0, group.purpose) } }
        let columns = rows.map { record, purpose in [record.name, record.type, record.value, purpose] }
        var lines = TextTable.write(["name", "type", "value", "what for"], columns)
        lines += reverse.map { "\nReverse record (PTR): have the provider of \($0.address) point it to \($0.host)." }
        for hint in zones.flatMap(\.hints) {
            lines += [""] + Prose.wrap(hint, width: 110)
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension DNSZones.Zone {
    fileprivate var width: Int { groups.flatMap(\.records).map(\.name.count).max() ?? 0 }
}

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
