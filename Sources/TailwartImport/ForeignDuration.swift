/// Durations as other programs write them. Nil for what is none, or longer than a few thousand years.
enum ForeignDuration {
    private static let units: [String: Double] = [
        "us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86_400, "ns": 1e-9, "µs": 1e-6, "μs": 1e-6,
        "w": 604_800,
        "M": 2_592_000, "y": 31_536_000,
    ]

    /// `1h30m`, `1.5h`, `300ms`, `2d`.
    static func caddy(_ text: String) -> Duration? { sum(text, unitless: nil, fractions: true) }

    /// `10m`, `1h 30m`, `60`: seconds without a unit, and no fractions.
    static func nginx(_ text: String) -> Duration? { sum(text.filter { $0 != " " }, unitless: 1, fractions: false) }

    /// `50s`, `5000`: one number, milliseconds without a unit.
    static func haproxy(_ text: String) -> Duration? {
        let unit = text.drop(while: \.isWholeNumber)
        return unit.allSatisfy(\.isLetter) ? sum(text, unitless: 1e-3, fractions: false) : nil
    }

    private static func sum(_ text: String, unitless: Double?, fractions: Bool) -> Duration? {
        var rest = text[...]
        var seconds = 0.0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let number = rest.prefix { $0.isASCII && ($0.isNumber || fractions && $0 == ".") }
            guard number.count <= 12, let value = Double(number) else { return nil }
            rest = rest.dropFirst(number.count)
            let name = rest.prefix { $0.isLetter }
            guard let unit = name.isEmpty ? unitless : units[String(name)] else { return nil }
            rest = rest.dropFirst(name.count)
            seconds += value * unit
        }
        guard seconds < 1e11 else { return nil }
        return .milliseconds(Int64((seconds * 1000).rounded()))
    }
}
