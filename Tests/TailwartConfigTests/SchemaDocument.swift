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

    /// The keys that can hold something else than further keys, each behind those around it: `log.level`. A name of the file's own and a place in a
    /// list have no word in between. What contains itself is gone through once.
    var keyPaths: Set<String> { keyPaths(in: self, within: []) }

    private func keyPaths(in root: SchemaDocument, within open: Set<String>) -> Set<String> {
        if let (name, definition) = definition(in: root) {
            return open.contains(name) ? [] : definition.keyPaths(in: root, within: open.union([name]))
        }
        var paths = parts.reduce(into: Set<String>()) { $0.formUnion($1.keyPaths(in: root, within: open)) }
        if case .object(let properties) = self["properties"] {
            for (key, value) in properties {
                let inner = value.keyPaths(in: root, within: open)
                paths.formUnion(inner.map { "\(key).\($0)" })
                if inner.isEmpty || value.isMoreThanKeys(in: root) { paths.insert(key) }
            }
        }
        return paths
    }

    private func isMoreThanKeys(in root: SchemaDocument) -> Bool {
        if let (name, definition) = definition(in: root) {
            return name != "variable" && definition.isMoreThanKeys(in: root)
        }
        return self["properties"] == nil && (parts.isEmpty || parts.contains { $0.isMoreThanKeys(in: root) })
    }

    private func definition(in root: SchemaDocument) -> (String, SchemaDocument)? {
        guard case .text(let reference) = self["$ref"] else { return nil }
        let name = String(reference.trimmingPrefix("#/$defs/"))
        return root["$defs"]?[name].map { (name, $0) }
    }

    /// What members or forms of it look like.
    private var parts: [SchemaDocument] {
        let forms: [SchemaDocument] = if case .list(let forms) = self["anyOf"] { forms } else { [] }
        return forms
            + [self["items"], self["additionalProperties"]].compactMap { part in
                if case .object = part { part } else { nil }
            }
    }

    var texts: [String] {
        guard case .list(let values) = self else { return [] }
        return values.compactMap { if case .text(let text) = $0 { text } else { nil } }
    }
}
