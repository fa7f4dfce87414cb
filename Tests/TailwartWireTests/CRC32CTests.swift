import TailwartWire
import Testing

struct CRC32CTests {
    /// The check value of the algorithm, and the vectors of RFC 3720 section B.4.
    @Test(
        arguments: [
            ([], 0), (Array("123456789".utf8), 0xe306_9283), ([UInt8](repeating: 0, count: 32), 0x8a91_36aa),
            ([UInt8](repeating: 0xff, count: 32), 0x62a8_ab43), (Array(0..<32), 0x46dd_794e),
            (Array((0..<32).reversed()), 0x113f_db5c),
        ] as [([UInt8], UInt32)])
    func `published vectors come out`(bytes: [UInt8], sum: UInt32) {
        #expect(CRC32C.checksum(of: bytes.span) == sum)
        var incremental = CRC32C()
        for byte in bytes { incremental.update(byte) }
        #expect(incremental.value == sum)
    }

    @Test func `a zeroed range is summed as zeros`() {
        let bytes = [UInt8](repeating: 0xab, count: 32)
        #expect(CRC32C.checksum(of: bytes.span, zeroing: 0..<32) == 0x8a91_36aa)
        let half = [UInt8](repeating: 0, count: 16) + bytes[..<16]
        #expect(CRC32C.checksum(of: bytes.span, zeroing: 0..<16) == CRC32C.checksum(of: half.span))
    }
}
