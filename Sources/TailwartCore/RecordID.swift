/// The identity of a connection: 16 lower-case hexadecimal digits in the record and in the `unique_id` of a PROXY header, so
/// that the logs of both ends can be joined.
package enum RecordID {
    package static let length = 16

    package static func digit(_ position: Int, of id: UInt64) -> UInt8 {
        let nibble = UInt8(truncatingIfNeeded: id >> UInt64(60 - 4 * position)) & 0xf
        return nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
    }
}
