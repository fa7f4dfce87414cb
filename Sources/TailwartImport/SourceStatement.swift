/// One statement of a file: a keyword, words behind it, and for some a block in braces.
struct SourceStatement {
    let name: SourceWord
    let words: [SourceWord]
    var block: [SourceStatement]?
    /// The condition on which it stands at all, where there is one.
    var condition: SourcePosition?

    var keyword: String { name.text }
    var position: SourcePosition { name.position }
    var texts: [String] { words.map(\.text) }
    /// The only word behind the keyword.
    var onlyWord: SourceWord? { words.count == 1 ? words[0] : nil }
}

/// One word of a file, with quotes and escapes gone; what stands for an environment variable is of ``Variables``.
struct SourceWord {
    let text: String
    let position: SourcePosition
    /// In quotes, so that it is no keyword.
    var isQuoted = false
}
