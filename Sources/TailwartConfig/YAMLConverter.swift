import Yams

/// Turns the nodes of Yams into ours: puts back what ``SourceText`` masked, follows aliases within bounds, replaces variables
/// and reports repeated keys.
final class YAMLConverter {
    /// A configuration needs about ten levels.
    private static let depthLimit = 32
    private static let tooDeep = "more than \(depthLimit) levels deep; a configuration is not nested that deeply"
    /// Stops aliases of aliases from growing without end.
    private static let sizeLimit = 100_000

    private let substitution: Substitution
    private let maskedKeys: [FilePlace: String]
    private let problems: Problems
    /// The latest value of each anchor; one that is still being read is not there yet, so there are no circles.
    private var anchored: [String: YAMLNode] = [:]

    init(substitution: Substitution, maskedKeys: [FilePlace: String], problems: Problems) {
        self.substitution = substitution
        self.maskedKeys = maskedKeys
        self.problems = problems
    }

    func convert(_ root: Node) -> YAMLNode {
        convert(root, depth: 0)
    }

    private func convert(_ node: Node, depth: Int) -> YAMLNode {
        let place = Self.place(of: node)
        guard depth < Self.depthLimit else {
            return unreadable(Self.tooDeep, at: place)
        }
        let converted: YAMLNode
        switch node {
        case .scalar(let scalar):
            converted = convert(scalar, at: place)
        case .sequence(let sequence):
            converted = collect(at: place) { sequence.map { convert($0, depth: depth + 1) } }
        case .mapping(let mapping):
            converted = collect(at: place, mapping, depth: depth)
        case .alias:
            // Yams makes these only from values of its own.
            return unreadable("an alias cannot be read here; write the value out", at: place)
        }
        if let tag = Self.explicitTag(of: node) {
            return unreadable("tags such as \(tag.quoted) have no meaning here; remove it", at: place)
        }
        if let anchor = node.anchor { anchored[anchor.rawValue] = converted }
        return converted
    }

    private func convert(_ scalar: Node.Scalar, at place: FilePlace) -> YAMLNode {
        let isPlain = scalar.style == .plain
        if isPlain, scalar.string.unicodeScalars.first == SourceText.asterisk {
            return alias(SourceText.restored(scalar.string), at: place)
        }
        if isPlain, ["", "~", "null"].contains(scalar.string) { return YAMLNode(.null, at: place) }
        let text = SourceText.restored(scalar.string)
        let replaced = substitution.apply(to: text) { problems.error($0, at: place) }
        return YAMLNode(replaced.map { .text($0) } ?? .unreadable, at: place)
    }

    private func alias(_ text: String, at place: FilePlace) -> YAMLNode {
        if let node = anchored[String(text.dropFirst())] { return node }
        return unreadable(
            "\(text.quoted) without quotes is an alias, and there is no anchor of that name; put it in quotes",
            at: place)
    }

    private func collect(at place: FilePlace, _ convert: () -> [YAMLNode]) -> YAMLNode {
        let members = convert()
        return bounded(YAMLNode(.list(members), at: place, around: members))
    }

    private func collect(at place: FilePlace, _ mapping: Node.Mapping, depth: Int) -> YAMLNode {
        var entries: [YAMLNode.Entry] = []
        var places: [String: FilePlace] = [:]
        for (keyNode, valueNode) in mapping {
            let keyPlace = Self.place(of: keyNode)
            let value = convert(valueNode, depth: depth + 1)
            guard case .scalar(let scalar) = keyNode else {
                problems.error("a key must be text, not a list or a mapping", at: keyPlace)
                continue
            }
            let key = maskedKeys[keyPlace] ?? SourceText.restored(scalar.string)
            if let first = places[key] {
                problems.error(
                    "the key \(key.quoted) stands on line \(first.line) already; keep one of them", at: keyPlace)
                continue
            }
            places[key] = keyPlace
            entries.append(YAMLNode.Entry(key: key, keyPlace: keyPlace, value: value))
        }
        return bounded(YAMLNode(.mapping(entries), at: place, around: entries.map(\.value)))
    }

    private func bounded(_ node: YAMLNode) -> YAMLNode {
        if node.height > Self.depthLimit { return unreadable(Self.tooDeep, at: node.place) }
        guard node.size > Self.sizeLimit else { return node }
        let limit = Self.sizeLimit
        return unreadable("more than \(limit) values, counting what aliases stand for; write fewer", at: node.place)
    }

    private func unreadable(_ message: String, at place: FilePlace) -> YAMLNode {
        problems.error(message, at: place)
        return YAMLNode(.unreadable, at: place)
    }

    private static func place(of node: Node) -> FilePlace {
        node.mark.map { FilePlace($0) } ?? .start
    }

    /// A tag that the file gives and that is not the one that the value has anyway.
    private static func explicitTag(of node: Node) -> String? {
        let tag = "\(node.tag)"
        return ["str", "seq", "map"].contains { tag == "tag:yaml.org,2002:\($0)" } ? nil : tag
    }
}
