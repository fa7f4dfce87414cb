/// One statement of an nginx configuration: a name, words behind it, and for some a block.
struct NginxDirective {
    let name: SourceWord
    let words: [SourceWord]
    /// Nil for a statement that ends in a semicolon.
    let block: [NginxDirective]?

    var position: SourcePosition { name.position }

    /// The words' texts.
    var texts: [String] { words.map(\.text) }

    /// The only word behind the name.
    var onlyWord: SourceWord? { words.count == 1 ? words[0] : nil }
}
