import TailwartWire

/// A key that sets one property of a value. What reads it, writes it and describes it stands in one line of a table, and its default is
/// what the value has before it is read.
struct Setting<Model> {
    let read: (inout MappingReader, inout Model) -> Void
    /// Nil where there is nothing to say, since it is as in the second value.
    let write: (Model, Model?) -> YAMLMember?

    /// - Parameter output: how it is written; as text unless it is said.
    init<Value: Equatable>(
        _ key: String, _ property: WritableKeyPath<Model, Value>, _ type: ValueType<Value>,
        _ output: ((Value) -> YAMLOutput)? = nil, about: String
    ) {
        read = { reader, model in
            model[keyPath: property] = reader.value(key, type, or: model[keyPath: property], about: about)
        }
        write = { model, usual in
            let value = model[keyPath: property]
            return usual?[keyPath: property] == value ? nil : YAMLMember(key, Self.written(value, type, output))
        }
    }

    /// For a property that is nil where the key is absent.
    init<Value: Equatable>(
        _ key: String, _ property: WritableKeyPath<Model, Value?>, _ type: ValueType<Value>,
        _ output: ((Value) -> YAMLOutput)? = nil, about: String
    ) {
        read = { reader, model in model[keyPath: property] = reader.value(key, type, about: about) }
        write = { model, _ in model[keyPath: property].map { YAMLMember(key, Self.written($0, type, output)) } }
    }

    private static func written<Value>(
        _ value: Value, _ type: ValueType<Value>, _ output: ((Value) -> YAMLOutput)?
    ) -> YAMLOutput {
        if let output { return output(value) }
        switch type.literal?(value).content {
        case .flag(let flag): return .flag(flag)
        case .text(let text), .number(let text): return .text(text)
        default: return .text("\(value)")
        }
    }
}

extension Array {
    /// What the file says, over what `model` has.
    func read<Model>(_ reader: inout MappingReader, into model: Model) -> Model where Element == Setting<Model> {
        reduce(into: model) { $1.read(&reader, &$0) }
    }

    /// - Parameter usual: what is as here is left out; nil: nothing is.
    func write<Model>(_ model: Model, unlike usual: Model?) -> [YAMLMember] where Element == Setting<Model> {
        compactMap { $0.write(model, usual) }
    }
}

/// A mapping of the file whose keys are settings.
protocol SettingsMapping {
    static var settings: [Setting<Self>] { get }
}

extension SettingsMapping {
    /// With all that it says.
    var output: YAMLOutput { .mapping(Self.settings.write(self, unlike: nil)) }
}

extension ValueType where Value: SettingsMapping {
    static func settings(_ noun: String, over standard: Value) -> ValueType {
        .mapping(noun) { reader in Value.settings.read(&reader, into: standard) }
    }
}
