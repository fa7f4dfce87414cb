/// The Castagnoli CRC of 32 bits (RFC 9260 appendix A, earlier RFC 4960 appendix B), which the PROXY header's checksum
/// uses.
package struct CRC32C: Sendable {
    /// 0x1edc6f41 with its bits reversed, because bytes enter least significant bit first.
    private static let polynomial: UInt32 = 0x82f6_3b78

    private static let table: InlineArray<256, UInt32> = {
        var table = InlineArray<256, UInt32>(repeating: 0)
        for index in 0..<256 {
            var value = UInt32(index)
            for _ in 0..<8 {
                value = value & 1 == 1 ? value >> 1 ^ polynomial : value >> 1
            }
            table[index] = value
        }
        return table
    }()

    private var register: UInt32 = .max

    package init() {}

    package mutating func update(_ byte: UInt8) {
        register = Self.table[Int(UInt8(truncatingIfNeeded: register) ^ byte)] ^ register >> 8
    }

    package var value: UInt32 { ~register }

    /// The checksum of `bytes` with the bytes in `zeroed` taken as zero: a header is summed before its own sum is
    /// filled in.
    package static func checksum(of bytes: Span<UInt8>, zeroing zeroed: Range<Int> = 0..<0) -> UInt32 {
        var sum = CRC32C()
        for index in bytes.indices {
            sum.update(zeroed.contains(index) ? 0 : bytes[index])
        }
        return sum.value
    }
}
