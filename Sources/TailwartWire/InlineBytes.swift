/// Up to 255 bytes in place, without a heap: a server name, an ALPN list, a unique identifier.
///
/// 255 is the longest name DNS can carry (RFC 1035 section 2.3.4), the longest ALPN protocol name (RFC 7301 section
/// 3.1) and the longest SOCKS5 name (RFC 1928 section 5), so one size serves them all. It may hold any bytes, not only
/// text.
package struct InlineBytes: Sendable {
    package static let capacity = 255

    private var storage = InlineArray<255, UInt8>(repeating: 0)
    private var used: UInt8 = 0

    package init() {}

    /// The first 255 bytes of `bytes`; what is longer is cut.
    package init(_ bytes: some Sequence<UInt8>) {
        for byte in bytes {
            guard append(byte) else { break }
        }
    }

    /// The first 255 bytes of the UTF-8 of `text`; what is longer is cut.
    package init(_ text: some StringProtocol) {
        self.init(text.utf8)
    }

    package var count: Int { Int(used) }
    package var isEmpty: Bool { used == 0 }
    package var indices: Range<Int> { 0..<count }

    package subscript(index: Int) -> UInt8 {
        precondition(index < count, "index beyond the used bytes")
        return storage[index]
    }

    /// False, and nothing added, when all 255 bytes are used.
    @discardableResult
    package mutating func append(_ byte: UInt8) -> Bool {
        guard count < Self.capacity else { return false }
        storage[count] = byte
        used += 1
        return true
    }

    /// Adds the byte with ASCII A to Z turned into a to z; DNS compares no other letters alike (RFC 4343 section 3).
    @discardableResult
    package mutating func appendLowercased(_ byte: UInt8) -> Bool {
        let isUpper = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
        return append(isUpper ? byte | 0x20 : byte)
    }

    package mutating func removeLast() {
        precondition(used > 0, "nothing to remove")
        used -= 1
    }

    /// The used bytes, for a parser or for matching.
    package func withSpan<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
        let span = storage.span
        return body(span.extracting(first: count))
    }

    /// The used bytes, for copying out.
    package func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withSpan { span in span.withUnsafeBytes { body($0) } }
    }
}

extension InlineBytes: Hashable {
    /// Compares the used bytes only; what a removed byte left behind does not count.
    package static func == (left: InlineBytes, right: InlineBytes) -> Bool {
        guard left.used == right.used else { return false }
        for index in left.indices where left.storage[index] != right.storage[index] { return false }
        return true
    }

    package func hash(into hasher: inout Hasher) {
        withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}

extension InlineBytes: CustomStringConvertible {
    /// The bytes as UTF-8 with every error repaired. They may come from a stranger: whoever prints them escapes control
    /// characters.
    package var description: String {
        withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }
}

extension String {
    package init(_ bytes: InlineBytes) {
        self = bytes.description
    }
}
