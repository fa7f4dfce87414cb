/// One line of a file, without its end.
struct SourceLine {
    /// From 1.
    let number: Int
    let bytes: ArraySlice<UInt8>

    /// The column of a byte, from 1, in Unicode scalars.
    func column(of index: Int) -> Int {
        1 + bytes[bytes.startIndex..<index].count { $0 & 0xC0 != 0x80 }
    }
}

/// The lines of a file, ended by `\n`; a `\r` before it is left out.
struct SourceLines: IteratorProtocol {
    private let bytes: [UInt8]
    private var start = 0
    private var number = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func next() -> SourceLine? {
        guard start < bytes.count else { return nil }
        var end = start
        while end < bytes.count, bytes[end] != 0x0A { end += 1 }
        defer { start = end + 1 }
        number += 1
        let hasReturn = end > start && bytes[end - 1] == 0x0D
        return SourceLine(number: number, bytes: bytes[start..<(hasReturn ? end - 1 : end)])
    }
}

extension UInt8 {
    var isDigit: Bool { (0x30...0x39).contains(self) }
    var isLetter: Bool { (0x61...0x7A).contains(self | 0x20) }
    /// What keys and tokens are made of.
    var isWord: Bool { isLetter || isDigit || self == UInt8(ascii: "_") || self == UInt8(ascii: "-") }
    var isBase64: Bool { isLetter || isDigit || self == UInt8(ascii: "+") || self == UInt8(ascii: "/") }
    var isBlank: Bool { self == 0x20 || self == 0x09 }
    var isQuote: Bool { self == UInt8(ascii: "\"") || self == UInt8(ascii: "'") }
    var uppercased: UInt8 { (0x61...0x7A).contains(self) ? self - 0x20 : self }
}

extension RandomAccessCollection<UInt8> where Index == Int {
    /// Where `text` begins, nil if it is not in here.
    func firstIndex(of text: String.UTF8View, from start: Int? = nil) -> Int? {
        let text = Array(text)
        guard let first = text.first else { return nil }
        var index = start ?? startIndex
        while index + text.count <= endIndex {
            if self[index] == first, self[index..<(index + text.count)].elementsEqual(text) { return index }
            index += 1
        }
        return nil
    }

    func contains(_ text: String) -> Bool { firstIndex(of: text.utf8) != nil }

    func hasPrefix(_ text: String) -> Bool { starts(with: text.utf8) }
}
