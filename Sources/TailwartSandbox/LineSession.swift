package import NIOCore

/// One side of a conversation in lines, without I/O: SMTP or IMAP.
package protocol LineSession: Sendable {
    /// Bytes of the longest line, with CR LF.
    static var lineLimit: Int { get }

    var temper: Temper { get }

    /// What to say first.
    mutating func begin() -> Reply

    mutating func receive(_ line: LineReader.Line) -> Reply

    /// The next line is a command, and no part of a message.
    var expectsCommand: Bool { get }

    /// What to say, if anything, because a message has arrived.
    mutating func mailboxChanged() -> Reply

    /// TLS has begun.
    mutating func handshaken()
}

extension LineSession {
    package var temper: Temper { Temper() }
    package var expectsCommand: Bool { true }
    package func mailboxChanged() -> Reply { Reply() }
    package func handshaken() {}
}

/// How a server behaves, whatever it says: as a good one, unless a test wants another.
package struct Temper: Sendable {
    /// Before the greeting, as when the server looks something up.
    package var greetingDelay = TimeAmount.zero
    /// Over implicit TLS; else the greeting is written at once and leaves after the handshake.
    package var greetsAfterHandshake = false
    package var takesBareLineFeeds = false

    package init() {}
}

/// What a session says, and what happens afterwards.
package struct Reply {
    package enum Next {
        case line
        /// Whatever the client has already sent in plaintext is dropped, then TLS begins.
        case startTLS
        case close
    }

    private(set) var chunks: [ByteBuffer] = []
    package var next: Next
    /// How long the client waits for it; what it sends meanwhile is read after that.
    package var delay = TimeAmount.zero

    /// - Parameter lines: CR LF is added to each.
    package init(_ lines: String..., next: Next = .line) {
        self.next = next
        for line in lines { write(line: line) }
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
