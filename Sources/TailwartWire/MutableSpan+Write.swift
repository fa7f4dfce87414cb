/// Writing at a moving offset. A writer checks the room once, at its entry; the bounds check of the span stays behind
/// it.
extension MutableSpan where Element == UInt8 {
    mutating func write(_ byte: UInt8, at offset: inout Int) {
        self[offset] = byte
        offset += 1
    }

    /// Writes an integer in network byte order.
    mutating func write(bigEndian value: some FixedWidthInteger & UnsignedInteger, at offset: inout Int) {
        var shift = type(of: value).bitWidth
        while shift > 0 {
            shift -= 8
            write(UInt8(truncatingIfNeeded: value >> shift), at: &offset)
        }
    }

    mutating func write(_ bytes: InlineBytes, at offset: inout Int) {
        for index in bytes.indices { write(bytes[index], at: &offset) }
    }

    /// Writes ASCII text; a literal of up to 15 bytes needs no heap.
    mutating func write(_ text: String, at offset: inout Int) {
        for byte in text.utf8 { write(byte, at: &offset) }
    }

    /// Writes an unsigned number in decimal or lower-case hexadecimal, without leading zeros.
    mutating func write(_ number: UInt32, radix: UInt32, at offset: inout Int) {
        var divisor: UInt32 = 1
        while number / divisor >= radix { divisor *= radix }
        while divisor > 0 {
            let digit = UInt8(truncatingIfNeeded: number / divisor % radix)
            write(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10, at: &offset)
            divisor /= radix
        }
    }
}
