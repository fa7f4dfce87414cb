/// Reads what a server that greets says before its client has spoken, in pieces as they come: where the greeting ends, and whether
/// the server then speaks once more.
///
/// A server speaks a second time without being asked when it takes a PROXY header for commands: it answers each of the header's lines.
/// The client would take these answers for answers to its own commands, and a sending mail server gives back the mail for a
/// `500`. What a server may say by itself is its end (`421`, RFC 5321 section 3.8; `* BYE`, RFC 9051 section 7.1.5; `BYE`, RFC 5804
/// section 1.2) and, over IMAP, news (RFC 9051 section 7): Dovecot says `* OK Waiting for authentication process …` first.
package struct GreetingReader: Sendable {
    /// How servers of one protocol begin.
    package enum Dialect: UInt8, Sendable, CaseIterable {
        /// `220-` lines and a `220 ` line (RFC 5321 section 4.2.1).
        case smtp
        /// `* OK`, `* PREAUTH` (RFC 9051 section 7.1).
        case imap
        /// `+OK` (RFC 1939 section 4).
        case pop3
        /// Capabilities up to a line with `OK` (RFC 5804 section 1.7).
        case sieve
    }

    package enum Reading: Sendable, Equatable {
        /// So many bytes are the greeting, or the server's own words. Of those behind them, at most ``maximumUndecided``, it cannot be
        /// told yet: they belong before the next piece.
        case passes(Int)
        /// The server answers what nobody has asked.
        case answersNobody
    }

    /// Bytes that do not tell yet what an answer will be: `42`, `* B`.
    package static let maximumUndecided = 3
    /// Of a greeting; one that is longer is none, and is not read any more. Real ones, with a policy in it, are under 2 KiB.
    package static let maximumLength: UInt16 = 16 * 1024

    private enum State: UInt8 {
        /// At the first byte of a line of the greeting.
        case lineStart
        /// In a line of the greeting that is not its last, and in one that is.
        case line
        case lastLine
        /// Behind the greeting, or behind a line that the server may say by itself.
        case behind
        /// In such a line.
        case ownLine
        /// The client has said EHLO or HELO, and nothing has come since.
        case helloSaid
        /// Nothing more is looked at.
        case over
    }

    private let dialect: Dialect
    private var state = State.lineStart
    private var length: UInt16 = 0

    package init(_ dialect: Dialect) { self.dialect = dialect }

    /// Whether all that comes passes from now on.
    package var isOver: Bool { state == .over }

    /// Whether what has passed ends in the middle of a line.
    package var isInLine: Bool { state == .line || state == .lastLine || state == .ownLine }

    /// Takes a piece, with what was undecided of the last one before it.
    package mutating func read(_ bytes: Span<UInt8>) -> Reading {
        var position = 0
        while position < bytes.count, state != .over {
            switch state {
            case .lineStart, .behind, .helloSaid:
                let rest = bytes.extracting(position...)
                guard let next = atLineStart(rest) else { return .passes(position) }
                if next == .answers { return .answersNobody }
                position += 1
            case .line, .lastLine, .ownLine:
                if bytes[position] == UInt8(ascii: "\n") { state = state == .line ? .lineStart : .behind }
                position += 1
            case .over:
                break
            }
        }
        length += UInt16(clamping: min(bytes.count, Int(UInt16.max - length)))
        if length > Self.maximumLength { state = .over }
        return .passes(bytes.count)
    }

    /// The client has spoken: only the answer to its EHLO is looked at, as the server answers the header's lines first.
    package mutating func clientSpoke(_ bytes: Span<UInt8>) {
        guard dialect == .smtp, state == .behind, bytes.beginsWithHello else { return state = .over }
        state = .helloSaid
    }

    /// Nothing more is looked at.
    package mutating func stop() { state = .over }

    private enum Beginning {
        case passes
        case answers
    }

    /// Looks at how a line begins, and goes on to its state; nil while that cannot be told.
    private mutating func atLineStart(_ bytes: Span<UInt8>) -> Beginning? {
        // Empty lines are no answers.
        if bytes[0] == UInt8(ascii: "\r") || bytes[0] == UInt8(ascii: "\n") { return .passes }
        return switch dialect {
        case .smtp: smtp(bytes)
        case .imap: imap(bytes)
        case .pop3: pop3(bytes)
        case .sieve: sieve(bytes)
        }
    }

    private mutating func smtp(_ bytes: Span<UInt8>) -> Beginning? {
        switch state {
        case .lineStart:
            // Any other greeting is the mailbox's own word to this client, and an end.
            guard let isGreeting = bytes.begins(with: "220") else { return nil }
            guard isGreeting else { return ended() }
            guard bytes.count > 3 else { return nil }
            return went(to: bytes[3] == UInt8(ascii: "-") ? .line : .lastLine)
        case .helloSaid:
            // Unknown commands, and the QUIT that stands in a header of version 2. A 501, 503 or 550 is what servers answer to a
            // name that they do not like.
            let unknown = bytes.begins(with: "500")
            let unimplemented = bytes.begins(with: "502")
            let goodbye = bytes.begins(with: "221")
            if unknown ?? false || unimplemented ?? false || goodbye ?? false { return .answers }
            return unknown == nil || unimplemented == nil || goodbye == nil ? nil : ended()
        default:
            return bytes.begins(with: "421").map { $0 ? ended() : .answers }
        }
    }

    private mutating func imap(_ bytes: Span<UInt8>) -> Beginning? {
        guard bytes[0] == UInt8(ascii: "*") else { return state == .lineStart ? ended() : .answers }
        guard bytes.count > 2 else { return nil }
        let isGreeting = state == .lineStart
        guard bytes[2] | 0x20 == UInt8(ascii: "b") else { return went(to: isGreeting ? .lastLine : .ownLine) }
        guard bytes.count > 3 else { return nil }
        return bytes[3] | 0x20 == UInt8(ascii: "a") ? .answers : ended()
    }

    private mutating func pop3(_ bytes: Span<UInt8>) -> Beginning? {
        guard state == .lineStart else { return .answers }
        return bytes[0] == UInt8(ascii: "+") ? went(to: .lastLine) : ended()
    }

    private mutating func sieve(_ bytes: Span<UInt8>) -> Beginning? {
        let first = bytes[0] | 0x20
        guard state == .lineStart else { return first == UInt8(ascii: "b") ? ended() : .answers }
        // Capabilities are quoted.
        if bytes[0] == UInt8(ascii: "\"") { return went(to: .line) }
        return first == UInt8(ascii: "o") ? went(to: .lastLine) : ended()
    }

    private mutating func went(to state: State) -> Beginning {
        self.state = state
        return .passes
    }

    private mutating func ended() -> Beginning { went(to: .over) }
}

extension Span<UInt8> {
    /// Nil while there are too few bytes to tell.
    fileprivate func begins(with text: StaticString) -> Bool? {
        let count = Swift.min(count, text.utf8CodeUnitCount)
        for position in 0..<count where self[position] != text.utf8Start[position] { return false }
        return count == text.utf8CodeUnitCount ? true : nil
    }

    /// EHLO or HELO, in any case (RFC 5321 section 4.1.1.1), or how one of them begins: a first segment may hold less.
    fileprivate var beginsWithHello: Bool { begins(withLetters: "EHLO") || begins(withLetters: "HELO") }

    /// In any case; true too while there are too few bytes to tell.
    func begins(withLetters word: StaticString) -> Bool {
        for position in 0..<Swift.min(count, word.utf8CodeUnitCount)
        where self[position] & 0xdf != word.utf8Start[position] { return false }
        return true
    }
}
