extension IPAddress {
    /// The address as text without a heap: a dotted quad, or RFC 5952 in hexadecimal groups only.
    ///
    /// Unlike ``description`` it writes a mapped IPv4 address in groups too: the PROXY line allows nothing else in an
    /// IPv6 address (PROXY protocol, section 2.1). At most 39 bytes.
    func writeText(into memory: inout MutableSpan<UInt8>, at offset: inout Int) {
        switch self {
        case .v4(let bits):
            for octet in 0..<4 {
                if octet > 0 { write(UInt8(ascii: "."), into: &memory, at: &offset) }
                write(bits >> UInt32(24 - 8 * octet) & 0xff, radix: 10, into: &memory, at: &offset)
            }
        case .v6:
            writeGroups(into: &memory, at: &offset)
        }
    }

    /// One of the eight groups of 16 bits.
    private func group(_ index: Int) -> UInt16 {
        let half = index < 4 ? bits.high : bits.low
        return UInt16(truncatingIfNeeded: half >> (48 - 16 * (index % 4)))
    }

    /// RFC 5952 section 4.2: the first of the longest runs of at least two zero groups.
    private var longestZeroRun: Range<Int> {
        var longest = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8, group(end) == 0 { end += 1 }
            if end - start > max(longest.count, 1) { longest = start..<end }
            start = end + 1
        }
        return longest
    }

    private func writeGroups(into memory: inout MutableSpan<UInt8>, at offset: inout Int) {
        let gap = longestZeroRun
        var index = 0
        while index < 8 {
            if index == gap.lowerBound, !gap.isEmpty {
                write("::", into: &memory, at: &offset)
                index = gap.upperBound
                continue
            }
            if index > 0, index != gap.upperBound { write(UInt8(ascii: ":"), into: &memory, at: &offset) }
            write(UInt32(group(index)), radix: 16, into: &memory, at: &offset)
            index += 1
        }
    }
}
