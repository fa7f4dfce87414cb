import TailwartWire

/// What a value may look like, as far as its type alone says: without variables and without what other keys say.
///
/// ``JSONSchema`` writes it down. It belongs to the ``ValueType`` that reads the value, so there is no second list of keys.
indirect enum Shape {
    case text(TextShape)
    case integer(ClosedRange<Int>)
    case flag
    case words([String])
    /// With at least one member.
    case list(Shape)
    /// With known keys. A closure, since a mapping may contain itself.
    case mapping(noun: String, () -> MappingShape)
    /// From keys that the file chooses to values of one shape.
    case dictionary(keys: TextShape, values: Shape, mayBeEmpty: Bool)
    case either(Shape, Shape)
}

struct TextShape: Sendable {
    /// What to call it where it is described once for all keys.
    let name: String
    /// A regular expression of ECMA-262 for all of the text; takes at least what the type reads.
    let pattern: String
    /// In characters.
    var length: ClosedRange<Int>?
    /// Whether YAML may take it for a number or a boolean: it is written without quotes all the same.
    var mayLookOtherwise = false
}

/// The keys of a mapping, as a ``MappingReader`` was asked for them.
struct MappingShape {
    struct Key {
        let name: String
        /// For a person, in sentences.
        let about: String
        let shape: Shape
        let standard: JSON?
    }

    var keys: [Key] = []
    var required: [String] = []
    /// Of each list, one key and no other must be there.
    var exactlyOne: [[String]] = []
    /// Of each list, one key at least must be there.
    var atLeastOne: [[String]] = []
    /// Keys that make sense only beside another.
    var needs: [(key: String, other: String)] = []
    var mayBeEmpty = true
}
