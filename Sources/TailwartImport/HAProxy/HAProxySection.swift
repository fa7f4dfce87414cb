/// A section with its lines.
struct HAProxySection {
    let kind: String
    let name: String?
    /// What stands behind `from`: the named defaults.
    let base: String?
    let position: SourcePosition
    var lines: [SourceStatement] = []
    /// The lines of the defaults that hold for it.
    var defaults: [SourceStatement] = []

    var all: [SourceStatement] { defaults + lines }

    /// HAProxy's own default is TCP.
    var isTCP: Bool { ["tcp", nil].contains(last("mode")?.texts.first) }

    /// The line that holds: the last one, those of the section after those of its defaults.
    func last(_ words: String...) -> SourceStatement? {
        all.last { ([$0.keyword] + $0.texts).starts(with: words) }
    }

    /// The line `disabled`, unless `enabled` follows.
    var disabled: SourceStatement? {
        let line = all.last { ["disabled", "enabled"].contains($0.keyword) }
        return line?.keyword == "disabled" ? line : nil
    }
}
