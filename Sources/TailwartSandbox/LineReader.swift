package import NIOCore

/// Cuts a stream into lines that end with CR LF, and holds no more than one line of the longest allowed length.
///
/// A bare LF is not an end of line, unless asked for: servers that took it for one let a sender smuggle a second message into the
/// first.
package struct LineReader {
    package enum Line {
        /// Without its CR LF.
        case text(ByteBuffer)
        /// Longer than allowed; its bytes are gone.
        case tooLong
        /// Ended with LF alone, as what a terminal sends; its bytes are gone.
        case bareLineFeed
    }

    /// Bytes, with CR LF.
    let limit: Int
    private let takesBareLineFeeds: Bool
    private var buffer = ByteBuffer()
    /// Bytes known to hold no end of line.
    private var scanned = 0
    private var isSkipping = false

    init(limit: Int, takesBareLineFeeds: Bool = false) {
        self.limit = limit
        self.takesBareLineFeeds = takesBareLineFeeds
    }

    /// What is left of the last read is copied, at most about one line, so that the storage does not grow with the stream.
    mutating func append(_ bytes: ByteBuffer) {
        var joined = ByteBuffer()
        joined.reserveCapacity(buffer.readableBytes + bytes.readableBytes)
        joined.writeImmutableBuffer(buffer)
        joined.writeImmutableBuffer(bytes)
        buffer = joined
    }

    /// Forgets everything that was received and not yet answered as a line.
    mutating func discard() {
        buffer = ByteBuffer()
        scanned = 0
        isSkipping = false
    }

    /// - Parameter isCommand: a command is due. A bare LF there is a mistake that whoever types is told of; in a message it is one more byte.
    mutating func next(isCommand: Bool = false) -> Line? {
        while true {
            let view = buffer.readableBytesView
            let lineFeed = view.dropFirst(scanned).firstIndex(of: UInt8(ascii: "\n"))
            let end = lineFeed.map { $0 - view.startIndex + 1 } ?? view.count
            let hasReturn = end >= 2 && view[view.startIndex + end - 2] == UInt8(ascii: "\r")
            if lineFeed != nil, hasReturn || takesBareLineFeeds {
                scanned = 0
                let line = buffer.readSlice(length: end)
                if isSkipping || end > limit {
                    isSkipping = false
                    return .tooLong
                }
                return line.flatMap { $0.getSlice(at: $0.readerIndex, length: end - (hasReturn ? 2 : 1)) }.map(
                    Line.text)
            }
            if lineFeed != nil, isCommand, !isSkipping, end <= limit {
                scanned = 0
                buffer.moveReaderIndex(forwardBy: end)
                return .bareLineFeed
            }
            if end > limit || isSkipping {
                // The last byte stays: it may be the CR of the end.
                isSkipping = true
                buffer.moveReaderIndex(forwardBy: max(0, end - 1))
                scanned = 1
            } else {
                scanned = end
            }
            guard lineFeed != nil else { return nil }
        }
    }
}
