/// Ports as text.
enum PortText {
    /// A port from 1 to 65535 or a variable.
    static func isGood(_ text: String) -> Bool {
        text.contains("$") || UInt16(text).map { $0 > 0 && text.allSatisfy(\.isNumber) } ?? false
    }

    /// `8000-8010` or `25` as single ports; nil if it is neither.
    static func range(_ text: String) -> ClosedRange<UInt16>? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
        guard let first = parts.first.flatMap(\.self), let last = parts.last.flatMap(\.self), parts.count <= 2,
            first > 0,
            first <= last
        else { return nil }
        return first...last
    }
}
