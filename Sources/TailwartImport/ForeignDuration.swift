/// Durations as other programs write them. Nil for what is none, or longer than a few thousand years.
enum ForeignDuration {
    /// `1h30m`, `1.5h`, `300ms`, `2d`.
    static func caddy(_ text: String) -> Duration? {
        let units: [String: Double] = [
            "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86_400,
        ]
        return sum(text, units: units, unitless: nil, fractions: true)
    }

    /// `10m`, `1h 30m`, `60`: seconds without a unit, and no fractions.
    static func nginx(_ text: String) -> Duration? {
        let units: [String: Double] = [
            "ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "M": 2_592_000, "y": 31_536_000,
        ]
        return sum(text.filter { $0 != " " }, units: units, unitless: 1, fractions: false)
    }

    /// `50s`, `5000`: one number, milliseconds without a unit.
    static func haproxy(_ text: String) -> Duration? {
        let units: [String: Double] = ["us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86_400]
        let digits = text.prefix(while: \.isWholeNumber)
        guard text.dropFirst(digits.count).allSatisfy(\.isLetter) else { return nil }
        return sum(text, units: units, unitless: 1e-3, fractions: false)
    }

    private static func sum(
        _ text: String, units: [String: Double], unitless: Double?, fractions: Bool
    ) -> Duration? {
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
