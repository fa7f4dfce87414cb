/// Secrets that are given to a command, or stand in for a variable that is not set.
extension SecretPairs {
    /// `--password VALUE` in a text, `"--token", "VALUE"` in a list, and `--token` at the end of a line, its value on the next one.
    mutating func readOptions() {
        let bytes = line.bytes
        var index = bytes.startIndex
        while secrets.count < SecretScan.findingLimit, let dashes = bytes.firstIndex(of: "--".utf8, from: index) {
            let name = bytes[dashes...].prefix { $0.isWord }
            index = max(name.endIndex, dashes + 2)
            let isBegun =
                dashes == bytes.startIndex || !(bytes[dashes - 1].isWord || bytes[dashes - 1] == UInt8(ascii: "."))
            let key = String(decoding: name, as: UTF8.self)
            guard isBegun, name.count < Self.optionLimit, SecretKey.isSecret(key) else { continue }
            let end = name.endIndex
            let quote = end < bytes.endIndex && bytes[end].isQuote ? bytes[end] : nil
            var start = skipBlanks(from: quote == nil ? end : end + 1)
            let isItem = start < bytes.endIndex && bytes[start] == UInt8(ascii: ",")
            if isItem { start = skipBlanks(from: start + 1) }
            guard start < bytes.endIndex else {
                open = OpenKey(key: key, isOption: true)
                return
            }
            // `--password=VALUE` is a pair like others.
            guard start > end, isItem || quote == nil else { continue }
            addWord(key, from: start, isSure: isItem)
            index = max(index, start)
        }
    }

    /// Longer than the name of any option.
    private static let optionLimit = 64

    /// The item behind an option that ended its line, with or without the dash of YAML's lists.
    mutating func addItem(_ key: String, from start: Int) {
        let bytes = line.bytes
        guard start < bytes.endIndex else { return }
        if bytes[start...].hasPrefix("- ") {
            addWord(key, from: skipBlanks(from: start + 2), isSure: true)
        } else if bytes[start].isQuote {
            addWord(key, from: start, isSure: true)
        }
    }

    /// - Parameter isSure: an item of a list; in a text, what reads like a word may be one.
    private mutating func addWord(_ key: String, from start: Int, isSure: Bool) {
        let bytes = line.bytes
        guard start < bytes.endIndex else { return }
        let word: Range<Int>
        if bytes[start].isQuote {
            word = value(from: start, endingAt: nil, isFlow: true)
        } else {
            let end = bytes[start...].firstIndex { $0.isBlank || $0.isQuote || Self.endsOfWord.contains($0) }
            word = start..<(end ?? bytes.endIndex)
        }
        let text = String(decoding: bytes[word], as: UTF8.self)
        // Another option; `docker build --secret id=NAME`.
        guard !text.hasPrefix("-"), !text.hasPrefix("id="), isSure || !SecretValue.isWord(text) else { return }
        add(key, word)
    }

    private static let endsOfWord = Array(",;|&)`".utf8)

    /// `${DB_PASSWORD:-VALUE}`, whatever the key is called that it is the value of.
    mutating func readFallbacks() {
        let bytes = line.bytes
        var index = bytes.startIndex
        // Counted on from mark to mark: a line may have many thousands.
        var counted = bytes.startIndex
        var column = 1
        while secrets.count < SecretScan.findingLimit, let mark = bytes.firstIndex(of: "${".utf8, from: index) {
            index = mark + 2
            let name = bytes[index...].prefix { $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "_") }
            let operation = bytes[name.endIndex...]
            let key = String(decoding: name.prefix(SecretPairs.nameLimit), as: UTF8.self)
            guard operation.hasPrefix(":-") || operation.hasPrefix("-"), SecretKey.isSecret(key) else { continue }
            // What is in it is judged with it; a line of nothing but beginnings is not read again and again.
            guard let end = bytes[mark...].prefix(Self.fallbackLimit).firstIndex(of: UInt8(ascii: "}")) else {
                continue
            }
            column += bytes[counted..<mark].count { $0 & 0xC0 != 0x80 }
            counted = mark
            guard !secrets.contains(where: { $0.columns.contains(column) }) else { continue }
            add(key, mark..<(end + 1))
        }
    }

    /// Longer than the name of any variable.
    private static let nameLimit = 128
    /// Longer than any password.
    private static let fallbackLimit = 1024
}
