package import TailwartCore
import TailwartWire

/// Writes a shape down as a JSON Schema (draft 2020-12), with which editors complete and check a file while it is written.
///
/// It never refuses what ``Configuration/load(text:file:environment:)`` takes. The other way round it knows the shape of each
/// value, and not what several values mean together.
struct JSONSchema {
    private var definitions: [JSON.Member] = []
    /// Definitions that are being written: who meets one of them is inside it.
    private var open: [String] = []

    static func document(of root: MappingShape, title: String) -> JSON {
        var schema = JSONSchema()
        schema.definitions.append(.init(key: "variable", value: variable))
        guard let members = schema.fragment(for: root).members else { return [:] }
        let head: [JSON.Member] = [
            .init(key: "$schema", value: "https://json-schema.org/draft/2020-12/schema"),
            .init(key: "title", value: .text(title)),
        ]
        return .object(head + members + [.init(key: "$defs", value: .object(schema.definitions))])
    }

    /// A text with references as ``Substitution`` reads them. What they stand for is not known here.
    private static let variable: JSON = [
        "description":
            "${NAME}, ${NAME:-default} or ${NAME:?message} stands for an environment variable, $$ for a dollar sign.",
        "type": "string", "pattern": #"^[^$]*(\$(\$|\{[A-Za-z_][A-Za-z0-9_]*(:[-?]((?!\$\{)[^}])*)?\})[^$]*)+$"#,
    ]

    private mutating func fragment(for shape: Shape) -> JSON {
        let (forms, isScalar) = forms(of: shape)
        let all = isScalar ? forms + [reference("variable")] : forms
        return all.count == 1 ? all[0] : ["anyOf": .list(all)]
    }

    /// The forms that a value can take, and whether it can be a scalar, for which a variable can stand.
    private mutating func forms(of shape: Shape) -> (forms: [JSON], isScalar: Bool) {
        switch shape {
        case .text(let text):
            return ([define(text.name) { _ in Self.string(text) }], true)
        case .integer(let range):
            return (
                [
                    ["type": "integer", "minimum": .number(range.lowerBound), "maximum": .number(range.upperBound)],
                    define("digits") { _ in ["type": "string", "pattern": "^(0|[1-9][0-9]*)$"] },
                ], true
            )
        case .flag:
            return ([["type": "boolean"], ["enum": ["true", "false"]]], true)
        case .words(let words):
            return ([["enum": .texts(words)]], true)
        case .list(let member):
            return ([["type": "array", "minItems": .number(1), "items": fragment(for: member)]], false)
        case .mapping(let noun, let describe):
            return ([define(Self.key(for: noun)) { $0.fragment(for: describe()) }], false)
        case .dictionary(let keys, let values, let mayBeEmpty):
            let members: [JSON.Member] = [
                .init(key: "type", value: "object"),
                .init(key: "propertyNames", value: define(keys.name) { _ in Self.string(keys) }),
                .init(key: "additionalProperties", value: fragment(for: values)),
            ]
            return ([.object(members + (mayBeEmpty ? [] : [.init(key: "minProperties", value: .number(1))]))], false)
        case .either(let first, let second):
            let (first, second) = (forms(of: first), forms(of: second))
            return (first.forms + second.forms, first.isScalar || second.isScalar)
        }
    }

    private mutating func fragment(for mapping: MappingShape) -> JSON {
        let properties = mapping.keys.map { key in
            var members: [JSON.Member] = [.init(key: "description", value: .text(key.about))]
            if let standard = key.standard { members.append(.init(key: "default", value: standard)) }
            members += fragment(for: key.shape).members ?? []
            return JSON.Member(key: key.name, value: .object(members))
        }
        var members: [JSON.Member] = [
            .init(key: "type", value: "object"), .init(key: "additionalProperties", value: false),
            .init(key: "properties", value: .object(properties)),
        ]
        if !mapping.required.isEmpty {
            members.append(.init(key: "required", value: .texts(mapping.required)))
        }
        if !mapping.mayBeEmpty { members.append(.init(key: "minProperties", value: .number(1))) }
        if !mapping.needs.isEmpty {
            let needs = mapping.needs.map { JSON.Member(key: $0.key, value: [.text($0.other)]) }
            members.append(.init(key: "dependentRequired", value: .object(needs)))
        }
        let choices =
            mapping.exactlyOne.map { JSON.object([.init(key: "oneOf", value: Self.required($0))]) }
            + mapping.atLeastOne.map { JSON.object([.init(key: "anyOf", value: Self.required($0))]) }
        if !choices.isEmpty { members.append(.init(key: "allOf", value: .list(choices))) }
        return .object(members)
    }

    private static func required(_ keys: [String]) -> JSON { .list(keys.map { ["required": [.text($0)]] }) }

    private static func string(_ text: TextShape) -> JSON {
        var members: [JSON.Member] = [
            .init(key: "type", value: text.mayLookOtherwise ? ["string", "number", "boolean"] : "string"),
            .init(key: "pattern", value: .text("^(\(text.pattern))$")),
        ]
        if let length = text.length {
            members.append(.init(key: "minLength", value: .number(length.lowerBound)))
            members.append(.init(key: "maxLength", value: .number(length.upperBound)))
        }
        return .object(members)
    }

    /// Writes a definition once and refers to it. Two that differ get names of their own.
    private mutating func define(_ name: String, _ write: (inout JSONSchema) -> JSON) -> JSON {
        guard !open.contains(name) else { return reference(name) }
        open.append(name)
        let fragment = write(&self)
        open.removeLast()
        var key = name
        var number = 2
        while let definition = definitions.first(where: { $0.key == key }) {
            if definition.value == fragment { return reference(key) }
            key = "\(name)_\(number)"
            number += 1
        }
        definitions.append(.init(key: key, value: fragment))
        return reference(key)
    }

    private func reference(_ name: String) -> JSON { ["$ref": .text("#/$defs/\(name)")] }

    /// `listener` for `a listener`, `timeouts` for `'timeouts'`.
    private static func key(for noun: String) -> String {
        let word = noun.split(separator: " ").last ?? ""
        return word.filter { $0 != "'" }
    }
}

extension Configuration {
    /// The JSON Schema of a configuration file: the text of `tailwart.schema.json`.
    package static var schema: String {
        JSONSchema.document(of: ConfigurationLoader.shape, title: "Tailwart configuration").fileText
    }
}
