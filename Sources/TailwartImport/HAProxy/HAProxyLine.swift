/// One line of a HAProxy configuration, taken apart into words.
struct HAProxyLine {
    struct Word {
        /// With quotes and escapes gone; what stands for an environment variable is of ``Variables``.
        let text: String
        let place: SourcePlace
    }

    /// Never empty.
    let words: [Word]

    var keyword: String { words[0].text }
    var place: SourcePlace { words[0].place }
    var arguments: ArraySlice<Word> { words.dropFirst() }
    var texts: [String] { words.dropFirst().map(\.text) }
}

/// A section with its lines.
struct HAProxySection {
    let kind: String
    let name: String?
    /// What stands behind `from`: the named defaults.
    let base: String?
    let place: SourcePlace
    var lines: [HAProxyLine] = []
    /// The lines of the defaults that hold for it.
    var defaults: [HAProxyLine] = []

    var all: [HAProxyLine] { defaults + lines }

    /// HAProxy's own default is TCP.
    var isTCP: Bool { ["tcp", nil].contains(last("mode")?.texts.first) }

    /// The line that holds: the last one, those of the section after those of its defaults.
    func last(_ words: String...) -> HAProxyLine? {
        all.last { $0.words.map(\.text).starts(with: words) }
    }
}
