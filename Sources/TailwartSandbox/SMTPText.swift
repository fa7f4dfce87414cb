import NIOCore

/// A message on its way in: the lines after DATA.
struct SMTPText: Sendable {
    static let tooBig = "552 5.3.4 a message may have \(SMTPSession.maximumMessageSize) bytes"

    let limit: Int
    private(set) var bytes = ByteBuffer()
    /// The reply if the message cannot be taken. It is still read to its end, as the protocol asks.
    private(set) var problem: String?

    init(limit: Int) {
        self.limit = limit
    }

    /// Answers whether this line ended the message: one dot. Any other line loses a leading dot (RFC 5321 section 4.5.2).
    mutating func append(_ line: LineReader.Line) -> Bool {
        guard case .text(var line) = line else {
            refuse("554 5.6.0 a line of the message is longer than \(SMTPSession.lineLimit) bytes")
            return false
        }
        if line.readableBytesView.first == UInt8(ascii: ".") {
            if line.readableBytes == 1 { return true }
            line.moveReaderIndex(forwardBy: 1)
        }
        guard problem == nil else { return false }
        guard bytes.readableBytes + line.readableBytes + 2 <= limit else {
            refuse(Self.tooBig)
            return false
        }
        bytes.writeImmutableBuffer(line)
        bytes.writeStaticString("\r\n")
        return false
    }

    private mutating func refuse(_ reply: String) {
        if problem == nil { problem = reply }
        bytes = ByteBuffer()
    }
}
