/// One statement of an nginx configuration: a name, words behind it, and for some a block.
struct NginxDirective {
    struct Word {
        let text: String
        let place: SourcePlace
        /// In quotes, so that it is no keyword.
        let isQuoted: Bool
    }

    let name: Word
    let words: [Word]
    /// Nil for a statement that ends in a semicolon.
    let block: [NginxDirective]?

    var place: SourcePlace { name.place }

    /// The words' texts.
    var texts: [String] { words.map(\.text) }
}
