import TailwartWire
import Testing

struct InlineBytesTests {
    @Test func `bytes come back in order`() {
        var bytes = InlineBytes()
        #expect(bytes.isEmpty)
        for byte in UInt8(0)..<100 {
            let wasAdded = bytes.append(byte)
            #expect(wasAdded)
        }
        #expect(bytes.count == 100)
        #expect(bytes.indices.map { bytes[$0] } == Array(0..<100))
        #expect(bytes.withUnsafeBytes { Array($0) } == Array(0..<100))
        #expect(bytes.withSpan { $0.count } == 100)
    }

    @Test func `the 256th byte is not taken`() {
        var bytes = InlineBytes(repeatElement(7, count: 255))
        #expect(bytes.count == 255)
        let wasAdded = bytes.append(8)
        #expect(!wasAdded)
        #expect(bytes == InlineBytes(repeatElement(7, count: 1000)))
        #expect(InlineBytes(String(repeating: "a", count: 256)).count == 255)
    }

    @Test func `only ASCII capitals are lowered`() {
        var bytes = InlineBytes()
        for byte in UInt8.min...UInt8.max where byte < 255 { bytes.appendLowercased(byte) }
        for byte in bytes.indices {
            #expect(bytes[byte] == UInt8((65...90).contains(byte) ? byte + 32 : byte))
        }
    }

    @Test func `equal means the same bytes in use`() {
        var left = InlineBytes("mail.example.org!")
        left.removeLast()
        let right = InlineBytes("mail.example.org")
        #expect(left == right)
        #expect(left.hashValue == right.hashValue)
        #expect(Set([left, right]).count == 1)
        #expect(left != InlineBytes("mail.example.orf"))
        #expect(left != InlineBytes("mail.example.or"))
    }

    @Test func `text is UTF-8 with errors repaired`() {
        #expect(String(InlineBytes("mäil")) == "mäil")
        #expect(InlineBytes([0x61, 0xff]).description == "a\u{fffd}")
        #expect(InlineBytes().description.isEmpty)
    }
}
