import Yams

/// A YAML value as an editor takes it: plain scalars are typed as the core schema of YAML 1.2.2 (section 10.3.2) says.
enum SchemaInstance {
    case null
    case flag
    case integer(Int)
    case number
    case text(String)
    case list([Node])
    case object([(key: String, value: Node)])

    init(_ node: Node) {
        switch node {
        case .scalar(let scalar):
            self = scalar.style == .plain ? Self.plain(scalar.string) : .text(scalar.string)
        case .sequence(let sequence):
            self = .list(Array(sequence))
        case .mapping(let mapping):
            self = .object(mapping.map { ($0.key.scalar?.string ?? "", $0.value) })
        case .alias:
            self = .null
        }
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
