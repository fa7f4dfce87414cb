import TailwartConfig
import TailwartWire

/// Reads YAML into a tree of texts: aliases and `<<` are followed, nothing is replaced.
struct TraefikYAML: ~Copyable {
    /// Levels; nobody nests deeper by hand.
    private static let depthLimit = 100
    /// Values, with those behind aliases as often as they are named: stops a file that grows by naming itself again and again.
    private static let sizeLimit = 100_000

    private var events: YAMLEvents
    private let file: String
    private var anchors: [String: (node: TraefikNode, size: Int)] = [:]
    private var size = 0

    private init(_ events: consuming YAMLEvents, file: String) {
        self.events = events
        self.file = file
    }

    static func read(_ text: String, file: String) throws(SyntaxProblem) -> TraefikNode {
        // A byte order mark is no part of the text.
        let bytes = Array(text.unicodeScalars.first == "\u{FEFF}" ? text.utf8.dropFirst(3) : text.utf8[...])
        let result = bytes.withUnsafeBufferPointer { buffer -> Result<TraefikNode, SyntaxProblem> in
            var reader = TraefikYAML(YAMLEvents(reading: buffer), file: file)
            do throws(SyntaxProblem) { return .success(try reader.document()) } catch { return .failure(error) }
        }
        return try result.get()
    }

    private mutating func document() throws(SyntaxProblem) -> TraefikNode {
        let first = try next()
        guard first.content == .document else {
            throw SyntaxProblem("the file is empty; is it the right one?", at: position(first))
        }
        let root = try node(try next(), depth: 0)
        _ = try next()
        let last = try next()
        guard last.content == .end else {
            throw SyntaxProblem("a second document begins here; import each by itself", at: position(last))
        }
        return root
    }

    private mutating func node(_ event: YAMLEvents.Event, depth: Int) throws(SyntaxProblem) -> TraefikNode {
        let position = position(event)
        guard depth < Self.depthLimit else { throw SyntaxProblem("this is nested too deeply", at: position) }
        if let tag = event.tag {
            throw SyntaxProblem("the tag \(tag.quoted) is not understood here; remove it", at: position)
        }
        let before = size
        try count(1, at: position)
        var node = TraefikNode(.nothing, at: position)
        switch event.content {
        case .scalar(let text, let isPlain):
            if !isPlain || !["", "~", "null", "Null", "NULL"].contains(text) { node.content = .text(text) }
        case .alias(let name):
            guard let (known, knownSize) = anchors[name] else {
                throw SyntaxProblem("nothing before this is named \(name.quoted)", at: position)
            }
            try count(knownSize, at: position)
            node = known
        case .sequence:
            var elements: [TraefikNode] = []
            while true {
                let event = try next()
                if event.content == .sequenceEnd { break }
                elements.append(try self.node(event, depth: depth + 1))
            }
            node.content = .list(elements)
        case .mapping:
            node.content = .mapping(try members(depth: depth))
        case .sequenceEnd, .mappingEnd, .document, .documentEnd, .end:
            throw SyntaxProblem("expected a value", at: position)
        }
        if let anchor = event.anchor { anchors[anchor] = (node, size - before) }
        return node
    }

    private mutating func members(depth: Int) throws(SyntaxProblem) -> [TraefikNode.Member] {
        var members: [TraefikNode.Member] = []
        var seen: Set<String> = []
        var merged: [TraefikNode] = []
        while true {
            let event = try next()
            if event.content == .mappingEnd { break }
            guard case .scalar(let key, _) = event.content else {
                throw SyntaxProblem("expected a key", at: position(event))
            }
            let value = try node(try next(), depth: depth + 1)
            if key == "<<" {
                merged += value.isMapping ? [value] : value.elements
                continue
            }
            guard seen.insert(key).inserted else {
                throw SyntaxProblem("the key \(key.quoted) is repeated; keep one of them", at: position(event))
            }
            members.append(TraefikNode.Member(key, at: position(event), value))
        }
        // A mapping's own keys win over those that it takes over.
        for member in merged.flatMap(\.members) where seen.insert(member.key).inserted { members.append(member) }
        return members
    }

    private mutating func count(_ more: Int, at position: SourcePosition) throws(SyntaxProblem) {
        size += more
        if size > Self.sizeLimit { throw SyntaxProblem("there is too much in this file", at: position) }
    }

    private mutating func next() throws(SyntaxProblem) -> YAMLEvents.Event {
        do throws(YAMLEvents.Fault) {
            return try events.next()
        } catch {
            let position = SourcePosition(file: file, line: error.position.line, column: error.position.column)
            throw SyntaxProblem("not valid YAML: \(error.problem)", at: position)
        }
    }

    private func position(_ event: YAMLEvents.Event) -> SourcePosition {
        SourcePosition(file: file, line: event.position.line, column: event.position.column)
    }
}
