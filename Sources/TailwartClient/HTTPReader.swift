package import NIOCore

/// Reads one answer in HTTP/1 (RFC 9112) as it comes; no I/O. What is ambiguous is no answer: nobody who is asked here sends it.
package struct HTTPReader {
    package enum Progress: Sendable, Equatable {
        case needMore
        /// The answer is whole.
        case done
        case notHTTP
    }

    private enum Phase: Equatable {
        case statusLine
        case fields
        case body(left: Int)
        case bodyToEnd
        case chunkSize
        case chunk(left: Int)
        case chunkEnd
        case trailers
        case done
        case notHTTP
    }

    /// Bytes of a head, or of the trailers. Most servers take and send less than a tenth of it.
    package static let maximumHead = 80 << 10

    /// Of the first answer that is not an interim one (RFC 9110 section 15.2); nil until its head is whole.
    package private(set) var status: Int?
    package private(set) var body = ByteBuffer()
    /// What the server tells this answer from another one by, as it is written (RFC 9110 section 8.8).
    package private(set) var etag: String?
    package private(set) var lastModified: String?
    private var received = ByteBuffer()
    private var phase = Phase.statusLine
    private var headBytes = 0
    private var code = 0
    private var length: Int?
    private var isChunked = false

    package init() {}

    package mutating func receive(_ bytes: ByteBuffer) -> Progress {
        received.writeImmutableBuffer(bytes)
        while step() {}
        return switch phase {
        case .done: .done
        case .notHTTP: .notHTTP
        default: .needMore
        }
    }

    /// The connection has ended.
    ///
    /// - Returns: whether that ends the answer too (RFC 9112 section 6.3).
    package func isWholeAtEnd() -> Bool { phase == .bodyToEnd || phase == .done }

    /// - Returns: whether there may be more to do with what has been received.
    private mutating func step() -> Bool {
        switch phase {
        case .done, .notHTTP: return false
        case .bodyToEnd:
            body.writeBuffer(&received)
            return false
        case .body(let left):
            phase = .body(left: move(left))
            if phase == .body(left: 0) { phase = .done }
            return false
        case .chunk(let left):
            phase = .chunk(left: move(left))
            guard phase == .chunk(left: 0) else { return false }
            phase = .chunkEnd
            return true
        case .statusLine, .fields, .chunkSize, .chunkEnd, .trailers:
            guard let line = line() else { return false }
            phase = next(after: line)
            return phase != .notHTTP
        }
    }

    /// - Returns: what is still to come.
    private mutating func move(_ count: Int) -> Int {
        let count = (now: min(count, received.readableBytes), all: count)
        if var part = received.readSlice(length: count.now) { body.writeBuffer(&part) }
        return count.all - count.now
    }

    /// A line without its end, which may lack the CR (RFC 9112 section 2.2).
    private mutating func line() -> [UInt8]? {
        let view = received.readableBytesView
        if phase == .statusLine, !view.prefix(Self.beginning.count).elementsEqual(Self.beginning.prefix(view.count)) {
            phase = .notHTTP
            return nil
        }
        guard let end = view.firstIndex(of: 10) else {
            if headBytes + view.count > Self.maximumHead { phase = .notHTTP }
            return nil
        }
        var line = Array(view[view.startIndex..<end])
        headBytes += line.count + 1
        guard headBytes <= Self.maximumHead else {
            phase = .notHTTP
            return nil
        }
        if line.last == 13 { line.removeLast() }
        received.moveReaderIndex(forwardBy: end - view.startIndex + 1)
        return line
    }

    private mutating func next(after line: [UInt8]) -> Phase {
        switch phase {
        case .statusLine: return readStatus(line) ? .fields : .notHTTP
        case .fields: return line.isEmpty ? afterHead() : readField(line) ? .fields : .notHTTP
        case .chunkSize:
            // An extension may follow (RFC 9112 section 7.1.1).
            guard let size = Self.number(line.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 }, radix: 16) else {
                return .notHTTP
            }
            headBytes = 0
            return size == 0 ? .trailers : .chunk(left: size)
        case .chunkEnd: return line.isEmpty ? .chunkSize : .notHTTP
        case .trailers: return line.isEmpty ? .done : .trailers
        case .body, .bodyToEnd, .chunk, .done, .notHTTP: return phase
        }
    }

    private static let beginning = Array("HTTP/1.".utf8)

    /// HTTP-version SP 3DIGIT, and then SP or the end of the line (RFC 9112 section 4).
    private mutating func readStatus(_ line: [UInt8]) -> Bool {
        let words = line.split(separator: 0x20, maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count >= 2, words[0].count == Self.beginning.count + 1,
            Self.number(words[0].suffix(1), radix: 10) != nil, words[1].count == 3,
            let number = Self.number(words[1], radix: 10), number >= 100
        else { return false }
        code = number
        return true
    }

    private mutating func readField(_ line: [UInt8]) -> Bool {
        // No space before the colon, and no line that goes on with the one before (RFC 9112 sections 5.1 and 5.2).
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0,
            !line[..<colon].contains(where: { $0 <= 0x20 })
        else { return false }
        let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
        let value = line[(colon + 1)...].drop { $0 == 0x20 || $0 == 9 }.reversed().drop { $0 == 0x20 || $0 == 9 }
            .reversed()
        switch name {
        case "content-length":
            guard let number = Self.number(Array(value), radix: 10), length == nil || length == number else {
                return false
            }
            length = number
        case "transfer-encoding":
            guard String(decoding: value, as: UTF8.self).lowercased() == "chunked" else { return false }
            isChunked = true
        case "etag": etag = Self.printable(value)
        case "last-modified": lastModified = Self.printable(value)
        default: break
        }
        return true
    }

    private mutating func afterHead() -> Phase {
        defer { (headBytes, length, isChunked) = (0, nil, false) }
        // What follows a change of protocol is no answer any more.
        guard !(100..<200).contains(code) || code == 101 else { return .statusLine }
        status = code
        // RFC 9112 section 6.3.
        if code == 101 || code == 204 || code == 304 { return .done }
        if isChunked { return .chunkSize }
        return length.map { $0 == 0 ? .done : .body(left: $0) } ?? .bodyToEnd
    }

    /// Nil for what could not be sent back in a field.
    private static func printable(_ value: some Collection<UInt8>) -> String? {
        guard (1...256).contains(value.count), value.allSatisfy({ (0x20...0x7e).contains($0) }) else { return nil }
        return String(decoding: value, as: UTF8.self)
    }

    /// Digits only, at most 15 of them.
    private static func number(_ digits: some Collection<UInt8>, radix: Int) -> Int? {
        guard (1...15).contains(digits.count), digits.first != UInt8(ascii: "+"), digits.first != UInt8(ascii: "-")
        else {
            return nil
        }
        return Int(String(decoding: digits, as: UTF8.self), radix: radix)
    }
}
