/// The characters of a file on their way to the YAML parser, with stand-ins for what the parser must not see.
///
/// A stand-in is one scalar for one scalar, so lines and columns stay what they are. Private-use characters serve, which YAML
/// allows everywhere and a file may not contain.
struct SourceText {
    /// Some 10 000 listeners; stops a file given by mistake (a mailbox, a log) from being read into memory.
    static let byteLimit = 1 << 20
    /// Stands for `*`: Yams would follow aliases by itself, and takes time exponential in their depth when it compares keys.
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
                let place = FilePlace(line: lineStarts.count, column: scalars.count - (lineStarts.last ?? 0) + 1)
                let code = "U+" + String(scalar.value + 0x10000, radix: 16, uppercase: true).suffix(4)
                problems.error("the character \(code) may not stand in a configuration; remove it", at: place)
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
    var text: String {
        // Yams keeps a pointer into the string, which only strings of 16 bytes and more allow.
        String(String.UnicodeScalarView(scalars)) + String(repeating: "\n", count: 16)
    }

    /// The place, or the end of the file where the parser has read beyond it.
    func clamped(_ place: FilePlace) -> FilePlace {
        place.line <= lineStarts.count
            ? place
            : FilePlace(line: lineStarts.count, column: scalars.count - (lineStarts.last ?? 0) + 1)
    }

    func scalar(at place: FilePlace) -> Unicode.Scalar? {
        index(of: place).map { scalars[$0] }
    }

    /// Replaces the first letter of a key, which may be quoted; returns false if `key` does not stand there letter by letter.
    mutating func maskKey(_ key: String, at place: FilePlace, number: UInt32) -> Bool {
        guard var index = index(of: place), let mask = Unicode.Scalar(Self.asterisk.value + 1 + number) else {
            return false
        }
        if scalars[index] == "\"" || scalars[index] == "'" { index += 1 }
        guard !key.isEmpty, scalars[index...].starts(with: key.unicodeScalars) else { return false }
        scalars[index] = mask
        return true
    }

    /// Text from the parser with the asterisks put back.
    static func restored(_ text: String) -> String {
        guard text.unicodeScalars.contains(asterisk) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == asterisk ? "*" : $0 }))
    }

    private func index(of place: FilePlace) -> Int? {
        guard lineStarts.indices.contains(place.line - 1) else { return nil }
        let index = lineStarts[place.line - 1] + place.column - 1
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
