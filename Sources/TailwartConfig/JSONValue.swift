/// A JSON value (RFC 8259) whose members keep their order.
enum JSONValue: Equatable, Sendable {
    case text(String)
    case number(Int)
    case flag(Bool)
    case list([JSONValue])
    case object([Member])

    struct Member: Equatable, Sendable {
        let key: String
        let value: JSONValue
    }

    /// The text of a file: what fits stands on one line, the rest is indented by two spaces.
    var fileText: String { text(indent: 0, before: 0) + "\n" }

    private static let lineWidth = 120

    /// - Parameters:
    ///   - indent: of the line that it begins on.
    ///   - before: characters on that line that stand before it.
    private func text(indent: Int, before: Int) -> String {
        let line = oneLine
        let inner = indent + 2
        let parts: [String]
        switch self {
        case .text, .number, .flag: return line
        case _ where before + line.count < Self.lineWidth: return line
        case .list(let values): parts = values.map { $0.text(indent: inner, before: inner) }
        case .object(let members):
            parts = members.map { member in
                let key = "\(Self.quoted(member.key)): "
                return key + member.value.text(indent: inner, before: inner + key.count)
            }
        }
        let space = String(repeating: " ", count: indent)
        let (open, close) = if case .list = self { ("[", "]") } else { ("{", "}") }
        return "\(open)\n" + parts.map { "\(space)  \($0)" }.joined(separator: ",\n") + "\n\(space)\(close)"
    }

    private var oneLine: String {
        switch self {
        case .text(let text): Self.quoted(text)
        case .number(let number): "\(number)"
        case .flag(let flag): "\(flag)"
        case .list(let values): "[" + values.map(\.oneLine).joined(separator: ", ") + "]"
        case .object(let members):
            "{" + members.map { "\(Self.quoted($0.key)): \($0.value.oneLine)" }.joined(separator: ", ") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{0}"..<" ": result += "\\u" + String(scalar.value + 0x10000, radix: 16).suffix(4)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    init(stringLiteral text: String) { self = .text(text) }

    init(booleanLiteral flag: Bool) { self = .flag(flag) }

    init(arrayLiteral values: JSONValue...) { self = .list(values) }

    init(dictionaryLiteral members: (String, JSONValue)...) {
        self = .object(members.map { Member(key: $0, value: $1) })
    }
}
