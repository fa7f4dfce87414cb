import NIOCore

/// One side of a conversation in lines, without I/O: SMTP or IMAP.
protocol LineSession: Sendable {
    /// Bytes of the longest line, with CR LF.
    static var lineLimit: Int { get }

    /// What to say first.
    mutating func begin() -> Reply

    mutating func receive(_ line: LineReader.Line) -> Reply

    /// What to say, if anything, because a message has arrived.
    mutating func mailboxChanged() -> Reply
}

/// What a session says, and what happens afterwards.
struct Reply {
    enum Next {
        case line
        /// Whatever the client has already sent in plaintext is dropped, then TLS begins.
        case startTLS
        case close
    }

    private(set) var chunks: [ByteBuffer] = []
    var next = Next.line

    init() {}

    /// One line; CR LF is added.
    init(_ line: String, next: Next = .line) {
        self.next = next
        write(line: line)
    }

    mutating func write(line: String) {
        write(line)
        write("\r\n")
    }

    mutating func write(_ text: String) {
        if chunks.isEmpty { chunks.append(ByteBuffer()) }
        chunks[chunks.count - 1].writeString(text)
    }

    /// The bytes are not copied; text that follows goes to a chunk of its own.
    mutating func write(_ bytes: ByteBuffer) {
        chunks.append(bytes)
        chunks.append(ByteBuffer())
    }

    mutating func append(_ other: Reply) {
        chunks += other.chunks
        next = other.next
    }
}
