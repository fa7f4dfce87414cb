import Foundation

/// A JSON Schema as JSON.
indirect enum SchemaDocument: Decodable, Equatable, Sendable {
    case null
    case flag(Bool)
    case number(Double)
    case text(String)
    case list([SchemaDocument])
    case object([String: SchemaDocument])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let flag = try? container.decode(Bool.self) {
            self = .flag(flag)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let list = try? container.decode([SchemaDocument].self) {
            self = .list(list)
        } else {
            self = .object(try container.decode([String: SchemaDocument].self))
        }
    }

    init(text: String) throws {
        self = try JSONDecoder().decode(SchemaDocument.self, from: Data(text.utf8))
    }

    subscript(key: String) -> SchemaDocument? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    /// The names of all properties that it describes, at any depth.
    var propertyNames: Set<String> {
        switch self {
        case .null, .flag, .number, .text: []
        case .list(let values): values.reduce(into: []) { $0.formUnion($1.propertyNames) }
        case .object(let members):
            members.reduce(into: []) { names, member in
                if member.key == "properties", case .object(let properties) = member.value {
                    names.formUnion(properties.keys)
                }
                names.formUnion(member.value.propertyNames)
            }
        }
    }

    var texts: [String] {
        guard case .list(let values) = self else { return [] }
        return values.compactMap { if case .text(let text) = $0 { text } else { nil } }
    }
}
