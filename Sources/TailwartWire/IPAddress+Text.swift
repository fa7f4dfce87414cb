extension IPAddress: CustomStringConvertible {
    /// Reads text strictly; nil for anything that is not exactly one address.
    package init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        self.init(text: bytes.span)
    }

    /// Reads the ASCII text of an address, strictly.
    package init?(text: Span<UInt8>) {
        if let bits = Self.parseV4(text, from: 0) {
            self = .v4(bits)
        } else if let (high, low) = Self.parseV6(text) {
            self = .v6(high, low)
        } else {
            return nil
        }
    }

    /// Dotted quad, or the canonical text of RFC 5952.
    package var description: String {
        switch self {
        case .v4(let bits):
            "\(bits >> 24).\(bits >> 16 & 0xff).\(bits >> 8 & 0xff).\(bits & 0xff)"
        case .v6(let high, let low):
            Self.formatV6(high, low)
        }
    }

    /// Four decimals of 0 to 255 without leading zeros, from `start` to the end of `text`.
    private static func parseV4(_ text: Span<UInt8>, from start: Int) -> UInt32? {
        guard text.count - start >= 7, text.count - start <= 15 else { return nil }
        var bits: UInt32 = 0
        var octets = 0
        var value: UInt32 = 0
        var digits = 0
        for index in start...text.count {
            if index == text.count || text[index] == UInt8(ascii: ".") {
                guard digits > 0, octets < 4 else { return nil }
                bits = bits << 8 | value
                octets += 1
                value = 0
                digits = 0
            } else {
                let digit = text[index] &- UInt8(ascii: "0")
                guard digit <= 9, digits == 0 || value != 0 else { return nil }
                value = value * 10 + UInt32(digit)
                digits += 1
                guard value <= 255 else { return nil }
            }
        }
        return octets == 4 ? bits : nil
    }

    /// RFC 4291 section 2.2: eight groups, at most one `::` for at least one group, an IPv4 tail allowed.
    private static func parseV6(_ text: Span<UInt8>) -> (UInt64, UInt64)? {
        let colon = UInt8(ascii: ":")
        guard text.count >= 2, text.count <= 45 else { return nil }
        var groups = InlineArray<8, UInt16>(repeating: 0)
        var count = 0
        var gap = -1
        var index = 0
        if text[0] == colon {
            guard text[1] == colon else { return nil }
            gap = 0
            index = 2
        }
        while index < text.count {
            guard count < 8 else { return nil }
            let start = index
            var value: UInt32 = 0
            while index < text.count, let digit = hexDigit(text[index]) {
                guard index - start < 4 else { return nil }
                value = value << 4 | UInt32(digit)
                index += 1
            }
            if index < text.count, text[index] == UInt8(ascii: ".") {
                guard count <= 6, let bits = parseV4(text, from: start) else { return nil }
                groups[count] = UInt16(bits >> 16)
                groups[count + 1] = UInt16(truncatingIfNeeded: bits)
                count += 2
                index = text.count
                break
            }
            guard index > start else { return nil }
            groups[count] = UInt16(value)
            count += 1
            guard index < text.count else { break }
            guard text[index] == colon, index + 1 < text.count else { return nil }
            index += 1
            if text[index] == colon {
                guard gap < 0 else { return nil }
                gap = count
                index += 1
            }
        }
        guard gap >= 0 ? count < 8 : count == 8 else { return nil }
        if gap >= 0 {
            let tail = count - gap
            for offset in 0..<tail {
                groups[7 - offset] = groups[count - 1 - offset]
            }
            for position in gap..<(8 - tail) { groups[position] = 0 }
        }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for position in 0..<4 {
            high = high << 16 | UInt64(groups[position])
            low = low << 16 | UInt64(groups[position + 4])
        }
        return (high, low)
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups as `::`, mapped IPv4 dotted.
    private static func formatV6(_ high: UInt64, _ low: UInt64) -> String {
        if high == 0, low >> 32 == 0xffff {
            return "::ffff:\(IPAddress.v4(UInt32(truncatingIfNeeded: low)))"
        }
        let groups = (0..<8).map { position in
            UInt16(truncatingIfNeeded: (position < 4 ? high : low) >> UInt64(48 - 16 * (position % 4)))
        }
        var best = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8, groups[end] == 0 { end += 1 }
            if end - start > max(best.count, 1) { best = start..<end }
            start = end + 1
        }
        func text(_ range: Range<Int>) -> String {
            groups[range].map { String($0, radix: 16) }.joined(separator: ":")
        }
        return best.isEmpty ? text(0..<8) : "\(text(0..<best.lowerBound))::\(text(best.upperBound..<8))"
    }
}
