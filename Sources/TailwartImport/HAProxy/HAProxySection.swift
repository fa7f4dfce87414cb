/// A section with its lines.
struct HAProxySection {
    let kind: String
    let name: String?
    /// What stands behind `from`: the named defaults.
    let base: String?
    /// What stands behind the name of a `listen` or `frontend`: an address to listen on, as HAProxy before 1.9 had it.
    let address: SourceWord?
    let position: SourcePosition
    let condition: SourcePosition?
    var lines: [SourceStatement] = []
    /// The lines of the defaults that hold for it.
    var defaults: [SourceStatement] = []

    var all: [SourceStatement] { defaults + lines }

    /// The first condition on which the section, or any line of it, stands.
    var firstCondition: SourcePosition? { condition ?? all.lazy.compactMap(\.condition).first }

    /// Whether `stick on src` and the like is all that is remembered of clients.
    var sticksToSource: Bool {
        let sticks = all.filter { $0.keyword == "stick" }
        let tables = all.filter { $0.keyword == "stick-table" }
        return !sticks.isEmpty
            && sticks.allSatisfy { line in
                let words = line.texts
                return ["on", "match", "store-request"].contains(words.first) && words.dropFirst().first == "src"
                    && (words.count == 2 || words.count == 4 && words[2] == "table")
            }
            && tables.allSatisfy { line in
                !line.texts.contains("store")
                    && ["ip", "ipv6"].contains(line.texts.drop { $0 != "type" }.dropFirst().first)
            }
    }

    /// A `source` line that dials from the client's address.
    static func usesClient(_ line: SourceStatement) -> Bool {
        let words = line.texts
        return line.keyword == "source" && words.count == 3 && words[1] == "usesrc"
            && ["0.0.0.0", "::"].contains(words[0]) && ["clientip", "client"].contains(words[2])
    }

    /// HAProxy's own default is TCP.
    var isTCP: Bool {
        all.contains { $0.keyword == "mode" && $0.condition != nil && $0.condition != condition }
            || ["tcp", nil].contains(last("mode")?.texts.first)
    }

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
