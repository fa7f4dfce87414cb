import TailwartWire

/// The characters of a file on their way to the YAML parser, with stand-ins for what the parser must not see.
///
/// A stand-in is one scalar for one scalar, so lines and columns stay what they are. Private-use characters serve, which YAML
/// allows everywhere and a file may not contain.
struct SourceText {
    /// Some 10 000 listeners; stops a file given by mistake (a mailbox, a log) from being read into memory.
    static let byteLimit = 1 << 20
    /// Stands for `*`: libyaml would stop at `*.example.net`, which people forget to quote.
    static let asterisk: Unicode.Scalar = "\u{E000}"
    private static let privateUse: ClosedRange<UInt32> = 0xE000...0xF8FF

    private(set) var scalars: [Unicode.Scalar] = []
    private var lineStarts = [0]

    /// Nil, with problems reported, if there are characters that no configuration contains.
    init?(_ text: String, problems: Problems) {
        guard text.utf8.count <= Self.byteLimit else {
            problems.error(Self.tooLarge, at: .start)
            return nil
        }
        var isGood = true
        let byteOrderMark: Unicode.Scalar = "\u{FEFF}"
        for scalar in text.unicodeScalars.dropFirst(text.unicodeScalars.first == byteOrderMark ? 1 : 0) {
            if !Self.isAllowed(scalar) {
                let position = TextPosition(line: lineStarts.count, column: scalars.count - (lineStarts.last ?? 0) + 1)
                let code = "U+" + String(scalar.value + 0x10000, radix: 16, uppercase: true).suffix(4)
                problems.error("the character \(code) is not allowed in a configuration; remove it", at: position)
                isGood = false
            }
            scalars.append(scalar == "*" ? Self.asterisk : scalar)
            if scalar == "\n" { lineStarts.append(scalars.count) }
            // The first few are enough to tell what kind of file it is.
            if !isGood, problems.count >= 5 { return nil }
        }
        guard isGood else { return nil }
    }

    static let tooLarge = "the file is larger than 1 MiB; is it the right one?"

    /// What the parser reads.
    var bytes: [UInt8] { Array(String(String.UnicodeScalarView(scalars)).utf8) }

    /// The position, or the end of the file where the parser has read beyond it.
    func clamped(_ position: TextPosition) -> TextPosition {
        position.line <= lineStarts.count
            ? position
            : TextPosition(line: lineStarts.count, column: scalars.count - (lineStarts.last ?? 0) + 1)
    }

    func scalar(at position: TextPosition) -> Unicode.Scalar? {
        index(of: position).map { scalars[$0] }
    }

    /// Whether the brace of a `${` stands there.
    func splitsReference(at position: TextPosition) -> Bool {
        guard let index = index(of: position), index > 0 else { return false }
        return scalars[index] == "{" && scalars[index - 1] == "$"
    }

    /// Whether a key, which may be quoted, stands there letter by letter.
    func shows(_ key: String, at position: TextPosition) -> Bool {
        guard var index = index(of: position) else { return false }
        if scalars[index] == "\"" || scalars[index] == "'" { index += 1 }
        return scalars[index...].starts(with: key.unicodeScalars)
    }

    /// Text from the parser with the asterisks put back.
    static func restored(_ text: String) -> String {
        guard text.unicodeScalars.contains(asterisk) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == asterisk ? "*" : $0 }))
    }

    private func index(of position: TextPosition) -> Int? {
        guard lineStarts.indices.contains(position.line - 1) else { return nil }
        let index = lineStarts[position.line - 1] + position.column - 1
        return scalars.indices.contains(index) ? index : nil
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D, 0x20...0x7E: true
        // Other line ends than those of the machine would count differently here and in an editor.
        case 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF, privateUse: false
        default: scalar.value >= 0xA0
        }
    }
}
