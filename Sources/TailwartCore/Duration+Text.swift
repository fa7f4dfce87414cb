extension Duration {
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]

    /// Reads `500ms`, `5s`, `35m`, `1h30m`: whole numbers with units, larger units first, each at most once.
    package init?(configurationText text: String) {
        var rest = Substring(text)
        var total: Int64 = 0
        var allowed = Self.units[...]
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            // Nine digits of days are still far from overflow.
            guard digits.count <= 9, let count = Int64(digits) else { return nil }
            rest = rest.dropFirst(digits.count)
            let name = rest.prefix { $0.isASCII && $0.isLetter }
            guard let unit = allowed.firstIndex(where: { $0.name == name }) else { return nil }
            rest = rest.dropFirst(name.count)
            total += count * allowed[unit].milliseconds
            allowed = allowed[(unit + 1)...]
        }
        self = .milliseconds(total)
    }

    /// What ``init(configurationText:)`` reads, as a pattern of JSON Schema.
    package static let configurationPattern = "(?=[0-9])" + units.map { "([0-9]{1,9}\($0.name))?" }.joined()

    /// The shortest text that ``init(configurationText:)`` reads back, to the millisecond.
    package var configurationText: String {
        var rest = components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
        guard rest > 0 else { return "0s" }
        var text = ""
        for unit in Self.units where rest >= unit.milliseconds {
            text += "\(rest / unit.milliseconds)\(unit.name)"
            rest %= unit.milliseconds
        }
        return text
    }
}
