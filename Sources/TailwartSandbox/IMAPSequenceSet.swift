/// Which messages a command means: `1:3,7,9:*` (RFC 3501 section 9, `sequence-set`).
struct IMAPSequenceSet: Sendable, Equatable {
    private enum Number: Equatable {
        case exact(UInt32)
        /// The largest number in use.
        case last
    }

    private let ranges: [(Number, Number)]

    static func == (one: Self, other: Self) -> Bool {
        one.ranges.elementsEqual(other.ranges, by: ==)
    }

    init?(_ text: String) {
        var ranges: [(Number, Number)] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: ":", omittingEmptySubsequences: false).map(Self.number)
            switch ends.count {
            case 1:
                guard let only = ends[0] else { return nil }
                ranges.append((only, only))
            case 2:
                guard let first = ends[0], let second = ends[1] else { return nil }
                ranges.append((first, second))
            default: return nil
            }
        }
        self.ranges = ranges
    }

    /// The two ends of a range come in any order, so `9:*` always holds the last number.
    func contains(_ number: UInt32, last: UInt32) -> Bool {
        ranges.contains { first, second in
            let (first, second) = (Self.value(first, last), Self.value(second, last))
            return min(first, second) <= number && number <= max(first, second)
        }
    }

    private static func value(_ number: Number, _ last: UInt32) -> UInt32 {
        switch number {
        case .exact(let value): value
        case .last: last
        }
    }

    private static func number(_ text: Substring) -> Number? {
        if text == "*" { return .last }
        guard text.allSatisfy({ $0 >= "0" && $0 <= "9" }), let value = UInt32(text), value > 0 else { return nil }
        return .exact(value)
    }
}
