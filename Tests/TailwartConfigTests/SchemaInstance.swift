import TailwartConfig

/// A YAML value as an editor takes it: plain scalars are typed as the core schema of YAML 1.2.2 (section 10.3.2) says.
enum SchemaInstance {
    case null
    case flag
    case integer(Int)
    case number
    case text(String)
    case list([SchemaInstance])
    case object([(key: String, value: SchemaInstance)])

    /// The one document of a text; nil if there is none.
    init?(text: String) throws {
        let read: SchemaInstance? = try Array(text.utf8).withUnsafeBufferPointer { bytes in
            var events = YAMLEvents(reading: bytes)
            var anchored: [String: SchemaInstance] = [:]
            guard try events.next().content == .document else { return nil }
            let root = try SchemaInstance(events.next(), of: &events, anchored: &anchored)
            _ = try events.next()
            guard try events.next().content == .end else { throw Refused(reason: "a second document") }
            return root
        }
        guard let read else { return nil }
        self = read
    }

    private init(
        _ event: YAMLEvents.Event, of events: inout YAMLEvents, anchored: inout [String: SchemaInstance],
        depth: Int = 0
    ) throws {
        guard depth < 64 else { throw Refused(reason: "too deep") }
        switch event.content {
        case .scalar(let text, let isPlain):
            self = isPlain ? Self.plain(text) : .text(text)
        case .sequence:
            var members: [SchemaInstance] = []
            var next = try events.next()
            while next.content != .sequenceEnd {
                members.append(try SchemaInstance(next, of: &events, anchored: &anchored, depth: depth + 1))
                next = try events.next()
            }
            self = .list(members)
        case .mapping:
            var members: [(key: String, value: SchemaInstance)] = []
            var next = try events.next()
            while next.content != .mappingEnd {
                let key = if case .scalar(let text, _) = next.content { text } else { "" }
                if key.isEmpty { _ = try SchemaInstance(next, of: &events, anchored: &anchored, depth: depth + 1) }
                guard !members.contains(where: { $0.key == key }) else { throw Refused(reason: "\(key) is repeated") }
                members.append(
                    (key, try SchemaInstance(events.next(), of: &events, anchored: &anchored, depth: depth + 1)))
                next = try events.next()
            }
            self = .object(members)
        case .alias(let name):
            guard let known = anchored[name] else { throw Refused(reason: "there is no anchor \(name)") }
            self = known
        default:
            self = .null
        }
        if let anchor = event.anchor { anchored[anchor] = self }
    }

    /// What is YAML, and is not read by an editor or here.
    struct Refused: Error {
        let reason: String
    }

    private static func plain(_ text: String) -> SchemaInstance {
        switch text {
        case "", "~", "null": return .null
        case "true", "True", "TRUE", "false", "False", "FALSE": return .flag
        default: break
        }
        if text.wholeMatch(of: /[-+]?[0-9]+/) != nil { return Int(text).map { .integer($0) } ?? .number }
        if text.wholeMatch(of: /0o[0-7]+|0x[0-9a-fA-F]+/) != nil { return .number }
        if text.wholeMatch(of: /[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?/) != nil { return .number }
        if text.wholeMatch(of: /[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)/) != nil { return .number }
        return .text(text)
    }

    /// What `type` calls it; whole numbers are numbers too.
    var types: [String] {
        switch self {
        case .null: ["null"]
        case .flag: ["boolean"]
        case .integer: ["integer", "number"]
        case .number: ["number"]
        case .text: ["string"]
        case .list: ["array"]
        case .object: ["object"]
        }
    }
}
