import TailwartWire

/// How values of one type are read, what they look like, and what to call the type in a message.
struct ValueType<Value> {
    /// As it follows "must be": `a duration such as 5s`.
    let name: String
    let shape: Shape
    /// How a value is shown as a default; nil if it is not.
    var literal: ((Value) -> JSON)?
    /// Called with the node and what to call it in a message; nil if the node is none, after saying so.
    let read: (YAMLNode, String, Problems) -> Value?
}

/// Why a text is not of a type, where there is more to say than the type's name; `nil` where there is not.
struct Complaint: Error {
    let hint: String?

    init(_ hint: String? = nil) {
        self.hint = hint
    }
}

struct Located<Value> {
    let value: Value
    let position: TextPosition
}

extension ValueType {
    /// A type that is written as text.
    static func scalar(
        _ name: String, _ shape: Shape, _ parse: @escaping (String) throws(Complaint) -> Value
    ) -> ValueType {
        ValueType(name: name, shape: shape) { node, label, problems in
            guard case .text(let text) = node.content else {
                return mismatch(node, label, name, problems)
            }
            do throws(Complaint) {
                return try parse(text)
            } catch {
                return mismatch(node, label, name, problems, hint: error.hint)
            }
        }
    }

    /// A mapping with known keys; `body` reads them all, each time, and what it has not asked for is unknown.
    ///
    /// - Parameter noun: what the mapping describes, for a message about its keys: `a listener`.
    static func mapping(_ noun: String, _ body: @escaping (inout MappingReader) -> Value?) -> ValueType {
        let shape = Shape.mapping(noun: noun) { MappingReader.shape(of: noun) { _ = body(&$0) } }
        return ValueType(name: mappingName, shape: shape) { node, label, problems in
            guard case .mapping(let entries) = node.content else {
                return mismatch(node, label, mappingName, problems)
            }
            var reader = MappingReader(entries, of: noun, at: node.position, problems: problems)
            let value = body(&reader)
            reader.reportUnknownAndMissingKeys()
            return value
        }
    }

    /// A list with at least one member; members that cannot be read are left out.
    ///
    /// - Parameters:
    ///   - limit: members that are read; of a longer list none.
    ///   - noun: what they are, and `fix` what to do with so many, for a message.
    static func list<Member>(
        of member: ValueType<Member>, _ name: String, atMost limit: Int = .max, _ noun: String = "members",
        fix: String? = nil
    ) -> ValueType where Value == [Member] {
        ValueType(name: name, shape: .list(member.shape)) { node, label, problems in
            guard case .list(let nodes) = node.content else {
                return mismatch(node, label, name, problems)
            }
            guard !nodes.isEmpty else {
                problems.error("\(label) is empty; it must be \(name)", at: node.position)
                return nil
            }
            guard nodes.count <= limit else {
                problems.error(
                    "\(label) has \(nodes.count) \(noun), more than \(limit)" + (fix.map { "; \($0)" } ?? ""),
                    at: node.position)
                return nil
            }
            return nodes.compactMap { member.read($0, "each member of \(label)", problems) }
        }
    }

    /// A mapping from names to values of one shape, in the order of the file; what cannot be read is left out.
    static func named<Member>(
        _ name: String, of values: Shape,
        _ read: @escaping (_ key: String, _ keyPosition: TextPosition, YAMLNode, Problems) -> Member?
    ) -> ValueType where Value == [Member] {
        let shape = Shape.dictionary(keys: ValueType<String>.nameShape, values: values, mayBeEmpty: true)
        return ValueType(name: name, shape: shape) { node, label, problems in
            guard case .mapping(let entries) = node.content else {
                return mismatch(node, label, name, problems)
            }
            return entries.compactMap { entry in
                let keyNode = YAMLNode(.text(entry.key), at: entry.keyPosition)
                let key = ValueType<String>.name.read(keyNode, "each key of \(label)", problems)
                return read(key ?? entry.key, entry.keyPosition, entry.value, problems)
            }
        }
    }

    /// A scalar or a list where a mapping may also stand.
    func orMapping(_ mapping: ValueType) -> ValueType {
        ValueType(name: name, shape: .either(shape, mapping.shape), literal: literal) { node, label, problems in
            if case .mapping = node.content { return mapping.read(node, label, problems) }
            return read(node, label, problems)
        }
    }

    /// A value of another type together with its position.
    static func located<Other>(_ type: ValueType<Other>) -> ValueType where Value == Located<Other> {
        ValueType(name: type.name, shape: type.shape) { node, label, problems in
            type.read(node, label, problems).map { Located(value: $0, position: node.position) }
        }
    }

    /// The same type, whose defaults are shown.
    func shown(_ literal: @escaping (Value) -> JSON) -> ValueType {
        var shown = self
        shown.literal = literal
        return shown
    }

    /// The same type, with more to say of some texts that are none.
    func hinting(_ hint: @escaping (String) -> String?) -> ValueType {
        ValueType(name: name, shape: shape, literal: literal) { node, label, problems in
            if case .text(let text) = node.content, let hint = hint(text) {
                return Self.mismatch(node, label, name, problems, hint: hint)
            }
            return read(node, label, problems)
        }
    }

    func map<Other>(_ transform: @escaping (Value) -> Other) -> ValueType<Other> {
        ValueType<Other>(name: name, shape: shape) { node, label, problems in
            read(node, label, problems).map(transform)
        }
    }

    private static var mappingName: String { "a mapping" }

    /// The type's name as a sentence behind another one; empty if it says nothing.
    var sentence: String { name == Self.mappingName ? "" : " It must be \(name)." }

    private static func mismatch(
        _ node: YAMLNode, _ label: String, _ name: String, _ problems: Problems, hint: String? = nil
    ) -> Value? {
        if case .unreadable = node.content { return nil }
        let hint = hint.map { "; \($0)" } ?? ""
        problems.error("\(label) must be \(name), not \(node.found)\(hint)", at: node.position)
        return nil
    }
}
