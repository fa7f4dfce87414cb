/// Goes through a text scalar by scalar and knows the position.
struct TextCursor {
    /// Bytes of one file: some thousand servers; stops a file given by mistake from being taken apart.
    static let byteLimit = 1 << 20

    let file: String
    private let scalars: [Unicode.Scalar]
    private var index = 0
    private var line = 1
    private var column = 1

    init(_ text: String, file: String) {
        self.file = file
        let byteOrderMark: Unicode.Scalar = "\u{FEFF}"
        scalars = Array(text.unicodeScalars.drop { $0 == byteOrderMark })
    }

    /// The next scalar, not taken; nil at the end.
    var next: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    var position: SourcePosition { SourcePosition(file: file, line: line, column: column) }

    /// Takes the next scalar.
    @discardableResult
    mutating func take() -> Unicode.Scalar? {
        guard index < scalars.count else { return nil }
        let scalar = scalars[index]
        index += 1
        if scalar == "\n" {
            line += 1
            column = 1
        } else {
            column += 1
        }
        return scalar
    }

    /// Takes scalars as long as they are wanted.
    @discardableResult
    mutating func take(while isWanted: (Unicode.Scalar) -> Bool) -> String {
        var taken = String.UnicodeScalarView()
        while let scalar = next, isWanted(scalar) {
            taken.append(scalar)
            take()
        }
        return String(taken)
    }
}
