/// A piece of a Traefik configuration, from whichever of its notations. Keys are found without regard to case, as Traefik finds them;
/// numbers and flags are texts, as in labels.
struct TraefikNode {
    enum Content {
        case text(String)
        case list([TraefikNode])
        case mapping([Member])
        /// Nothing behind the colon.
        case nothing
    }

    struct Member {
        let key: String
        let position: SourcePosition
        var value: TraefikNode
        fileprivate let folded: String

        init(_ key: String, at position: SourcePosition, _ value: TraefikNode) {
            (self.key, self.position, self.value, folded) = (key, position, value, key.lowercased())
        }
    }

    var content: Content
    let position: SourcePosition

    init(_ content: Content, at position: SourcePosition) {
        self.content = content
        self.position = position
    }

    /// Empty where it is no mapping.
    var members: [Member] { if case .mapping(let members) = content { members } else { [] } }

    var text: String? { if case .text(let text) = content { text } else { nil } }

    /// Nil where neither is said.
    var flag: Bool? { text.flatMap { Bool($0.lowercased()) } }

    /// The members of a list; a text is one, or several with commas between them, as labels have it.
    var elements: [TraefikNode] {
        switch content {
        case .list(let elements): elements
        case .text(let text):
            text.split(separator: ",").map { $0.filter { !$0.isWhitespace } }.filter { !$0.isEmpty }
                .map { TraefikNode(.text($0), at: position) }
        case .mapping, .nothing: []
        }
    }

    var isMapping: Bool { if case .mapping = content { true } else { false } }
    var isList: Bool { if case .list = content { true } else { false } }

    /// Nil too where nothing stands behind the key: Traefik takes no notice of such a one.
    subscript(key: String) -> TraefikNode? {
        guard let value = members.first(where: { $0.folded == key.lowercased() })?.value else { return nil }
        if case .nothing = value.content { return nil }
        return value
    }

    /// What stands at the end of several keys.
    subscript(path: [String]) -> TraefikNode? {
        path.reduce(self as TraefikNode?) { node, key in node?[key] }
    }

    /// Puts a value at the end of a way of keys, as `a.b.c=value` has it.
    ///
    /// - Returns: false where something else stands there.
    mutating func put(_ value: TraefikNode, under path: ArraySlice<String>) -> Bool {
        guard let key = path.first else { return false }
        // `tls=true` and `tls.passthrough=true` belong together.
        if flag != nil { content = .mapping([]) }
        guard case .mapping(var members) = content else { return false }
        content = .nothing
        defer { content = .mapping(members) }
        let folded = key.lowercased()
        if let index = members.firstIndex(where: { $0.folded == folded }) {
            if path.count > 1 { return members[index].value.put(value, under: path.dropFirst()) }
            return members[index].value.isMapping && value.flag == true
        }
        var node = value
        if path.count > 1 {
            node = TraefikNode(.mapping([]), at: value.position)
            guard node.put(value, under: path.dropFirst()) else { return false }
        }
        members.append(Member(key, at: value.position, node))
        return true
    }
}
