import NIOCore
import TailwartWire

/// A message as the mailbox keeps it: its Received header first.
struct StoredMessage: Sendable {
    let uid: UInt32
    let arrival: UTCTime
    let bytes: ByteBuffer
    /// Bytes of the header with the empty line that ends it.
    let headerLength: Int

    init(uid: UInt32, arrival: UTCTime, bytes: ByteBuffer) {
        self.uid = uid
        self.arrival = arrival
        self.bytes = bytes
        self.headerLength = Self.headerLength(of: bytes)
    }

    var header: ByteBuffer { bytes.getSlice(at: bytes.readerIndex, length: headerLength) ?? ByteBuffer() }

    var text: ByteBuffer {
        bytes.getSlice(at: bytes.readerIndex + headerLength, length: bytes.readableBytes - headerLength) ?? ByteBuffer()
    }

    /// The header ends with the first empty line; a message without one is all header (RFC 5322 section 2.1).
    private static func headerLength(of bytes: ByteBuffer) -> Int {
        let end = Array("\r\n\r\n".utf8)
        let view = bytes.readableBytesView
        var position = view.startIndex
        while let carriageReturn = view[position...].firstIndex(of: end[0]) {
            if view[carriageReturn...].starts(with: end) { return carriageReturn + end.count - view.startIndex }
            position = carriageReturn + 1
        }
        return view.count
    }
}
