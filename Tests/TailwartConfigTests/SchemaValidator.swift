/// Checks YAML against a JSON Schema of draft 2020-12, as far as `tailwart.schema.json` uses it.
///
/// A keyword that it does not know is a failure, so nothing in the schema goes unchecked.
final class SchemaValidator {
    struct Unknown: Error {
        let keyword: String
    }

    private static let annotations: Set<String> = ["$schema", "$defs", "title", "description", "default"]

    private let schema: SchemaDocument
    private var regexes: [String: Regex<AnyRegexOutput>] = [:]

    init(_ schema: SchemaDocument) {
        self.schema = schema
    }

    /// The first thing that is wrong, with its position in the instance; nil if nothing is.
    func complaint(about text: String) throws -> String? {
        guard let instance = try SchemaInstance(text: text) else { return "the file is empty" }
        return try complaint(about: instance, schema, at: "")
    }

    private func complaint(
        about instance: SchemaInstance, _ schema: SchemaDocument, at path: String
    ) throws -> String? {
        guard case .object(let keywords) = schema else {
            return schema == .flag(false) ? "\(path): not allowed" : nil
        }
        for (keyword, value) in keywords.sorted(by: { $0.key < $1.key }) where !Self.annotations.contains(keyword) {
            if let problem = try check(keyword, value, of: schema, on: instance, at: path) { return problem }
        }
        return nil
    }

    private func check(
        _ keyword: String, _ value: SchemaDocument, of schema: SchemaDocument, on instance: SchemaInstance,
        at path: String
    ) throws -> String? {
        let problem = "\(path): \(keyword) \(value)"
        switch (keyword, value, instance) {
        case ("$ref", .text(let reference), _):
            return try complaint(about: instance, try resolve(reference), at: path)
        case ("type", .text(let type), _):
            return instance.types.contains(type) ? nil : problem
        case ("type", .list, _):
            return instance.types.contains(where: value.texts.contains) ? nil : problem
        case ("enum", .list, .text(let text)):
            return value.texts.contains(text) ? nil : problem
        case ("enum", .list, _):
            return problem
        case ("anyOf", .list(let schemas), _):
            let problems = try schemas.map { try complaint(about: instance, $0, at: path) }
            return problems.contains(nil) ? nil : problems.compactMap(\.self).joined(separator: " | ")
        case ("oneOf", .list(let schemas), _):
            return try schemas.count { try complaint(about: instance, $0, at: path) == nil } == 1 ? nil : problem
        case ("allOf", .list(let schemas), _):
            return try schemas.lazy.compactMap { try complaint(about: instance, $0, at: path) }.first
        case ("pattern", .text(let pattern), .text(let text)):
            return text.contains(try regex(pattern)) ? nil : problem
        case ("minLength", .number(let limit), .text(let text)):
            return text.unicodeScalars.count >= Int(limit) ? nil : problem
        case ("maxLength", .number(let limit), .text(let text)):
            return text.unicodeScalars.count <= Int(limit) ? nil : problem
        case ("minimum", .number(let limit), .integer(let number)):
            return number >= Int(limit) ? nil : problem
        case ("maximum", .number(let limit), .integer(let number)):
            return number <= Int(limit) ? nil : problem
        case ("minItems", .number(let limit), .list(let members)):
            return members.count >= Int(limit) ? nil : problem
        case ("items", _, .list(let members)):
            return try first(of: members.enumerated()) { try complaint(about: $1, value, at: "\(path)/\($0)") }
        case ("minProperties", .number(let limit), .object(let members)):
            return members.count >= Int(limit) ? nil : problem
        case ("required", .list, .object(let members)):
            return value.texts.allSatisfy { key in members.contains { $0.key == key } } ? nil : problem
        case ("dependentRequired", .object(let needs), .object(let members)):
            let keys = Set(members.map(\.key))
            return needs.allSatisfy { !keys.contains($0) || keys.isSuperset(of: $1.texts) } ? nil : problem
        case ("propertyNames", _, .object(let members)):
            return try first(of: members) { key, _ in
                try complaint(about: .text(key), value, at: "\(path)/\(key)")
            }
        case ("properties", .object(let properties), .object(let members)):
            return try first(of: members) { key, member in
                try properties[key].flatMap { try complaint(about: member, $0, at: "\(path)/\(key)") }
            }
        case ("additionalProperties", _, .object(let members)):
            return try first(of: members) { key, member in
                guard schema["properties"]?[key] == nil else { return nil }
                return try complaint(about: member, value, at: "\(path)/\(key)")
            }
        case ("pattern", _, _), ("minLength", _, _), ("maxLength", _, _), ("minimum", _, _), ("maximum", _, _),
            ("minItems", _, _), ("items", _, _), ("minProperties", _, _), ("required", _, _),
            ("dependentRequired", _, _), ("propertyNames", _, _), ("properties", _, _), ("additionalProperties", _, _):
            return nil  // says nothing of instances of other types
        default:
            throw Unknown(keyword: keyword)
        }
    }

    private func regex(_ pattern: String) throws -> Regex<AnyRegexOutput> {
        if let known = regexes[pattern] { return known }
        let regex = try Regex(pattern).matchingSemantics(.unicodeScalar)
        regexes[pattern] = regex
        return regex
    }

    private func first<Members: Sequence>(
        of members: Members, _ complain: (Members.Element) throws -> String?
    ) rethrows -> String? {
        for member in members {
            if let problem = try complain(member) { return problem }
        }
        return nil
    }

    private func resolve(_ reference: String) throws -> SchemaDocument {
        let prefix = "#/$defs/"
        guard reference.hasPrefix(prefix), let found = schema["$defs"]?[String(reference.dropFirst(prefix.count))]
        else {
            throw Unknown(keyword: reference)
        }
        return found
    }
}
