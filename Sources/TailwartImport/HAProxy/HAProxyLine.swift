/// One line of a HAProxy configuration, taken apart into words.
struct HAProxyLine {
    struct Word {
        /// With quotes and escapes gone; a reference to an environment variable is `${NAME}` as in our file.
        let text: String
        let place: SourcePlace
    }

    /// Never empty.
    let words: [Word]

    var keyword: String { words[0].text }
    var place: SourcePlace { words[0].place }
    var arguments: ArraySlice<Word> { words.dropFirst() }
    var texts: [String] { words.dropFirst().map(\.text) }

    /// Whether it begins with these words.
    func begins(_ texts: String...) -> Bool { words.map(\.text).starts(with: texts) }
}

/// A section with its lines.
struct HAProxySection {
    let kind: String
    let name: String?
    /// What stands behind `from`: the named defaults.
    let base: String?
    let place: SourcePlace
    var lines: [HAProxyLine] = []
}
