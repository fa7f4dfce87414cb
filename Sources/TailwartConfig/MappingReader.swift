import TailwartWire

/// Reads the keys of one mapping. Asking for a key declares it, so every key stands in one place of the code.
///
/// A mapping is described by the same questions, asked of a reader that has no entries and writes them down.
struct MappingReader {
    let position: TextPosition
    let problems: Problems
    /// What the mapping describes, for a message: `a listener`.
    private let noun: String
    private let entries: [YAMLNode.Entry]
    private var known: [String] = []
    /// What is missing, and what to say of it unless one of those keys is there and only misspelt.
    private var missing: [(keys: [String], message: String, position: TextPosition)] = []
    /// Nil while a file is read.
    private var shape: MappingShape?

    init(_ entries: [YAMLNode.Entry], of noun: String, at position: TextPosition, problems: Problems) {
        self.entries = entries
        self.noun = noun
        self.position = position
        self.problems = problems
    }

    /// What `read` asks for.
    static func shape(of noun: String, _ read: (inout MappingReader) -> Void) -> MappingShape {
        var reader = MappingReader([], of: noun, at: .start, problems: Problems(file: ""))
        reader.shape = MappingShape()
        read(&reader)
        return reader.shape ?? MappingShape()
    }

    /// The value of a key; nil where the key is absent or its value is wrong.
    ///
    /// - Parameter about: what the key is for, in sentences, for whom writes a file.
    mutating func value<Value>(_ key: String, _ type: ValueType<Value>, about: String) -> Value? {
        declare(key, type, about: about, standard: nil)
        return entry(key).flatMap { type.read($0.value, key.quoted, problems) }
    }

    /// The value of a key; `standard` where the key is absent or its value is wrong.
    mutating func value<Value>(_ key: String, _ type: ValueType<Value>, or standard: Value, about: String) -> Value {
        declare(key, type, about: about, standard: standard)
        return entry(key).flatMap { type.read($0.value, key.quoted, problems) } ?? standard
    }

    /// Like ``value(_:_:about:)``, for a key that must be there; `example` is how it might look.
    mutating func required<Value>(_ key: String, _ type: ValueType<Value>, example: String, about: String) -> Value? {
        shape?.required.append(key)
        if entry(key) == nil {
            note(missing: [key], "\(noun) needs \(key.quoted), for instance '\(example)'", at: position)
        }
        return value(key, type, about: about)
    }

    /// Where the value of a key stands; nil where the key is absent.
    func position(of key: String) -> TextPosition? {
        entry(key)?.value.position
    }

    /// Where a key stands; nil where it is absent.
    func keyPosition(of key: String) -> TextPosition? {
        entry(key)?.keyPosition
    }

    func has(_ key: String) -> Bool {
        entry(key) != nil
    }

    /// Says later that one of these keys should be there.
    mutating func note(missing keys: [String], _ message: String, at position: TextPosition) {
        missing.append((keys, message, position))
    }

    /// Reports keys that nobody has asked for, and what is missing. To be called once, when all keys were asked for.
    func reportUnknownAndMissingKeys() {
        var meant: Set<String> = []
        for entry in entries where !known.contains(entry.key) && !problems.isFull {
            let near = NearestWord.find(entry.key, among: known)
            if let near { meant.insert(near) }
            let fix = near.map { "did you mean \($0.quoted)?" } ?? "\(noun) takes \(known.listed)"
            problems.error("unknown key \(entry.key.quoted); \(fix)", at: entry.keyPosition)
        }
        for (keys, message, position) in missing where meant.isDisjoint(with: keys) {
            problems.error(message, at: position)
        }
    }

    private mutating func declare<Value>(_ key: String, _ type: ValueType<Value>, about: String, standard: Value?) {
        known.append(key)
        guard shape != nil else { return }
        let literal = standard.flatMap { type.literal?($0) }
        shape?.keys.append(.init(name: key, about: about + type.sentence, shape: type.shape, standard: literal))
    }

    private func entry(_ key: String) -> YAMLNode.Entry? {
        entries.first { $0.key == key }
    }
}

/// Rules on which keys stand beside each other.
extension MappingReader {
    /// One of two keys must be there, and only one.
    ///
    /// - Parameter what: what the one is short for, with the other.
    mutating func checkExactlyOne(of key: String, isShortFor what: String, or other: String, example: String) {
        shape?.exactlyOne.append([key, other])
        switch (keyPosition(of: key), keyPosition(of: other)) {
        case (_?, let position?):
            problems.error(
                "\(key.quoted) is short for \(what); keep either \(key.quoted) or \(other.quoted)", at: position)
        case (nil, nil):
            note(
                missing: [key, other],
                "\(noun) needs \(key.quoted) or \(other.quoted), for instance '\(example)'", at: position)
        default:
            break
        }
    }

    mutating func checkAtLeastOne(of keys: [String], message: String) {
        shape?.atLeastOne.append(keys)
        if !keys.contains(where: has) { note(missing: keys, message, at: position) }
    }

    /// A key that makes sense only beside another one.
    mutating func check(_ key: String, needs other: String, message: String) {
        shape?.needs.append((key, other))
        if let position = keyPosition(of: key), !has(other) { note(missing: [other], message, at: position) }
    }

    mutating func checkNotEmpty(message: String) {
        shape?.mayBeEmpty = false
        if entries.isEmpty { problems.error(message, at: position) }
    }
}
