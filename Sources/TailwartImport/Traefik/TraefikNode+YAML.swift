import TailwartConfig
import TailwartWire

extension TraefikNode {
    /// Reads YAML: `<<` is followed, nothing is replaced.
    static func parse(yaml text: String, file: String) throws(SyntaxProblem) -> TraefikNode {
        let problems = Problems(file: file)
        let root = YAMLNode.parse(text, substitution: nil, problems: problems, needs: "is it the right one?")
        if let first = problems.sorted.first {
            throw SyntaxProblem(first.message, at: SourcePosition(first.position, in: file))
        }
        guard let root else { throw SyntaxProblem("not valid YAML", at: .start(of: file)) }
        return TraefikNode(root, in: file)
    }

    private init(_ node: YAMLNode, in file: String) {
        let content: Content =
            switch node.content {
            case .null, .unreadable: .nothing
            case .text(let text): .text(text)
            case .list(let members): .list(members.map { TraefikNode($0, in: file) })
            case .mapping(let entries): .mapping(Self.members(of: entries, in: file))
            }
        self.init(content, at: SourcePosition(node.position, in: file))
    }

    /// A mapping's own keys win over those that it takes over.
    private static func members(of entries: [YAMLNode.Entry], in file: String) -> [Member] {
        var own: [Member] = []
        var merged: [Member] = []
        for entry in entries {
            let value = TraefikNode(entry.value, in: file)
            if entry.key == "<<" {
                merged += (value.isMapping ? [value] : value.elements).flatMap(\.members)
            } else {
                own.append(Member(entry.key, at: SourcePosition(entry.keyPosition, in: file), value))
            }
        }
        var seen = Set(own.map(\.key))
        return own + merged.filter { seen.insert($0.key).inserted }
    }
}

extension SourcePosition {
    fileprivate init(_ position: TextPosition, in file: String) {
        self.init(file: file, line: position.line, column: position.column)
    }
}
