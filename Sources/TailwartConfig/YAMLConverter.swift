import TailwartWire

/// Builds our nodes from the events of libyaml: puts back what ``SourceText`` masked, follows aliases within bounds, replaces
/// variables and finds repeated keys.
struct YAMLConverter: ~Copyable {
    /// The text is not one good YAML document; nothing else is worth saying then.
    enum Failure: Error {
        case empty
        case secondDocument(TextPosition)
        case repeated(key: String, TextPosition)
        case syntax(YAMLEvents.Fault)
    }

    /// A configuration needs about ten levels.
    private static let depthLimit = 32
    private static let tooDeep = "more than \(depthLimit) levels deep; a configuration is not nested that deeply"
    /// Stops aliases of aliases from growing without end.
    private static let sizeLimit = 100_000
    /// Repeated keys that are shown each for itself.
    private static let repeatLimit = 20

    private var events: YAMLEvents
    private let source: SourceText
    private let substitution: Substitution?
    /// What is wrong with single values.
    private(set) var complaints: [(message: String, position: TextPosition)] = []
    /// The latest value of each anchor; one that is still being read is not there yet, so there are no circles.
    private var anchored: [String: YAMLNode] = [:]
    private var repeats = 0

    init(_ events: consuming YAMLEvents, of source: SourceText, substitution: Substitution?) {
        self.events = events
        self.source = source
        self.substitution = substitution
    }

    /// The one document of the text.
    mutating func document() throws(Failure) -> YAMLNode {
        guard try next().content == .document else { throw .empty }
        let root = try convert(try next(), depth: 0)
        _ = try next()  // the document's end
        let rest = try next()
        guard rest.content == .end else { throw .secondDocument(rest.position) }
        return root
    }

    private mutating func next() throws(Failure) -> YAMLEvents.Event {
        do { return try events.next() } catch { throw .syntax(error) }
    }

    private mutating func convert(_ event: YAMLEvents.Event, depth: Int) throws(Failure) -> YAMLNode {
        guard depth < Self.depthLimit else {
            try skip(event)
            return unreadable(Self.tooDeep, at: event.position)
        }
        let converted =
            switch event.content {
            case .scalar(let text, let isPlain): scalar(text, isPlain: isPlain, at: event.position)
            case .sequence: try sequence(at: event.position, depth: depth)
            case .mapping: try mapping(at: event.position, depth: depth)
            // Masked: see ``SourceText/asterisk``.
            default: unreadable("an alias cannot be used here; write the value itself", at: event.position)
            }
        if let tag = event.tag {
            return unreadable("tags such as \(tag.quoted) have no meaning here; remove it", at: event.position)
        }
        if let anchor = event.anchor { anchored[anchor] = converted }
        return converted
    }

    private mutating func scalar(_ masked: String, isPlain: Bool, at position: TextPosition) -> YAMLNode {
        let text = SourceText.restored(masked)
        if isPlain, masked.unicodeScalars.first == SourceText.asterisk {
            if let node = anchored[String(text.dropFirst())] { return node }
            return unreadable(
                "\(text.quoted) without quotes is an alias, and there is no anchor of that name; put it in quotes",
                at: position)
        }
        if isPlain, ["", "~", "null"].contains(text) { return YAMLNode(.null, at: position) }
        guard let substitution else { return YAMLNode(.text(text), at: position) }
        var complaints: [String] = []
        let replaced = substitution.apply(to: text) { complaints.append($0) }
        self.complaints += complaints.map { ($0, position) }
        return YAMLNode(replaced.map { .text($0) } ?? .unreadable, at: position)
    }

    private mutating func sequence(at position: TextPosition, depth: Int) throws(Failure) -> YAMLNode {
        var members: [YAMLNode] = []
        var event = try next()
        while event.content != .sequenceEnd {
            members.append(try convert(event, depth: depth + 1))
            event = try next()
        }
        return bounded(YAMLNode(.list(members), at: position, around: members))
    }

    private mutating func mapping(at position: TextPosition, depth: Int) throws(Failure) -> YAMLNode {
        var entries: [YAMLNode.Entry] = []
        var positions: [String: (first: TextPosition, latest: TextPosition)] = [:]
        var event = try next()
        while event.content != .mappingEnd {
            let keyPosition = event.position
            try skip(event)
            let value = try convert(try next(), depth: depth + 1)
            if case .scalar(let text, _) = event.content {
                let key = SourceText.restored(text)
                if let known = positions[key] {
                    repeats += 1
                    guard repeats <= Self.repeatLimit, source.shows(key, at: known.latest) else {
                        throw .repeated(key: key, known.latest)
                    }
                    complain(
                        "duplicate key \(key.quoted), already on line \(known.first.line); keep one of them",
                        keyPosition)
                } else {
                    entries.append(YAMLNode.Entry(key: key, keyPosition: keyPosition, value: value))
                }
                positions[key] = (positions[key]?.first ?? keyPosition, keyPosition)
            } else {
                complain("a key must be text, not a list or a mapping", keyPosition)
            }
            event = try next()
        }
        return bounded(YAMLNode(.mapping(entries), at: position, around: entries.map(\.value)))
    }

    /// Passes over the rest of a value.
    private mutating func skip(_ event: YAMLEvents.Event) throws(Failure) {
        var depth = 0
        var content = event.content
        while true {
            switch content {
            case .sequence, .mapping: depth += 1
            case .sequenceEnd, .mappingEnd: depth -= 1
            default: break
            }
            if depth == 0 { return }
            content = try next().content
        }
    }

    private mutating func bounded(_ node: YAMLNode) -> YAMLNode {
        if node.height > Self.depthLimit { return unreadable(Self.tooDeep, at: node.position) }
        guard node.size > Self.sizeLimit else { return node }
        let limit = Self.sizeLimit
        return unreadable("more than \(limit) values, counting what aliases stand for; write fewer", at: node.position)
    }

    private mutating func unreadable(_ message: String, at position: TextPosition) -> YAMLNode {
        complain(message, position)
        return YAMLNode(.unreadable, at: position)
    }

    private mutating func complain(_ message: String, _ position: TextPosition) {
        complaints.append((message, position))
    }
}
