/// Some of the 65 535 TCP ports.
package struct PortSet: Sendable, Equatable {
    /// In ascending order, never touching each other.
    package private(set) var ranges: [ClosedRange<UInt16>]

    package static let none = PortSet([])
    package static let all = PortSet([1...UInt16.max])

    package init(_ ranges: [ClosedRange<UInt16>]) {
        self.ranges = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            // `Int`, since one behind the last port is no port.
            if let last = self.ranges.last, Int(range.lowerBound) <= Int(last.upperBound) + 1 {
                self.ranges[self.ranges.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                self.ranges.append(range)
            }
        }
    }

    package init(_ ports: some Sequence<UInt16>) {
        self.init(ports.map { $0...$0 })
    }

    /// Reads `*`, `25`, `25-30` and, where the section allows it, `25,465,993`; nil for anything else.
    package init?(_ text: some StringProtocol, allowsList: Bool) {
        if text == "*" {
            self = .all
            return
        }
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count == 1 || allowsList else { return nil }
        var ranges: [ClosedRange<UInt16>] = []
        for part in parts {
            let ends = part.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
            guard let first = Self.port(ends[0]), let last = Self.port(ends[ends.count - 1]), first <= last else {
                return nil
            }
            ranges.append(first...last)
        }
        self.init(ranges)
    }

    private static func port(_ text: some StringProtocol) -> UInt16? {
        guard !text.isEmpty, text.utf8.count <= 5, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = UInt16(text), port > 0
        else { return nil }
        return port
    }

    package var isEmpty: Bool { ranges.isEmpty }
    package var count: Int { ranges.reduce(0) { $0 + $1.count } }

    package func contains(_ port: UInt16) -> Bool {
        ranges.contains { $0.contains(port) }
    }

    package func union(_ other: PortSet) -> PortSet { PortSet(ranges + other.ranges) }

    package func subtracting(_ other: PortSet) -> PortSet {
        var left: [ClosedRange<UInt16>] = []
        for range in ranges {
            var lower = Int(range.lowerBound)
            for hole in other.ranges where hole.overlaps(range) {
                if Int(hole.lowerBound) > lower { left.append(UInt16(lower)...(hole.lowerBound - 1)) }
                lower = Int(hole.upperBound) + 1
            }
            if lower <= Int(range.upperBound) { left.append(UInt16(lower)...range.upperBound) }
        }
        return PortSet(left)
    }
}

extension PortSet: CustomStringConvertible {
    /// `25, 465, 8000-8100`; long sets are cut.
    package var description: String {
        let shown = 8
        let texts = ranges.prefix(shown).map {
            $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)"
        }
        return texts.joined(separator: ", ") + (ranges.count > shown ? ", …" : "")
    }
}
