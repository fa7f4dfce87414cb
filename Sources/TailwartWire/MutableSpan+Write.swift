// Writing at a moving offset. A writer checks the room once, at its entry; the bounds check of the span stays behind it.
//
// Functions and not methods of the span: before Swift 6.3 a mutating method of a type that cannot escape is an error.

func write(_ byte: UInt8, into memory: inout MutableSpan<UInt8>, at offset: inout Int) {
    memory[offset] = byte
    offset += 1
}

/// Writes an integer in network byte order.
func write(
    bigEndian value: some FixedWidthInteger & UnsignedInteger, into memory: inout MutableSpan<UInt8>,
    at offset: inout Int
) {
    var shift = type(of: value).bitWidth
    while shift > 0 {
        shift -= 8
        write(UInt8(truncatingIfNeeded: value >> shift), into: &memory, at: &offset)
    }
}

func write(_ bytes: InlineBytes, into memory: inout MutableSpan<UInt8>, at offset: inout Int) {
    for index in bytes.indices { write(bytes[index], into: &memory, at: &offset) }
}

/// Writes ASCII text; a literal of up to 15 bytes needs no heap.
func write(_ text: String, into memory: inout MutableSpan<UInt8>, at offset: inout Int) {
    for byte in text.utf8 { write(byte, into: &memory, at: &offset) }
}

/// Writes an unsigned number in decimal or lower-case hexadecimal, without leading zeros.
func write(_ number: UInt32, radix: UInt32, into memory: inout MutableSpan<UInt8>, at offset: inout Int) {
    var divisor: UInt32 = 1
    while number / divisor >= radix { divisor *= radix }
    while divisor > 0 {
        let digit = UInt8(truncatingIfNeeded: number / divisor % radix)
        let character = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
        write(character, into: &memory, at: &offset)
        divisor /= radix
    }
}
