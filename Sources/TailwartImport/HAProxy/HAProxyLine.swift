/// One line of a HAProxy configuration, taken apart into words.
struct HAProxyLine {
    /// Never empty.
    let words: [SourceWord]

    var keyword: String { words[0].text }
    var position: SourcePosition { words[0].position }
    var texts: [String] { words.dropFirst().map(\.text) }
    /// The first word behind the keyword.
    var argument: SourceWord? { words.dropFirst().first }
    /// Whether it describes something to dial.
    var isServer: Bool { ["server", "server-template"].contains(keyword) }
}

/// A section with its lines.
struct HAProxySection {
    let kind: String
    let name: String?
    /// What stands behind `from`: the named defaults.
    let base: String?
    let position: SourcePosition
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

    /// The line `disabled`, unless `enabled` follows.
    var disabled: HAProxyLine? {
        let line = all.last { ["disabled", "enabled"].contains($0.keyword) }
        return line?.keyword == "disabled" ? line : nil
    }
}
