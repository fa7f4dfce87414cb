/// Reads the keys of one mapping. Asking for a key declares it, so every key stands in one place of the code.
struct MappingReader {
    let place: Place
    let problems: Problems
    /// What the mapping describes, for a message: `a listener`.
    private let noun: String
    private let entries: [YAMLNode.Entry]
    private var known: [String] = []

    init(_ entries: [YAMLNode.Entry], of noun: String, at place: Place, problems: Problems) {
        self.entries = entries
        self.noun = noun
        self.place = place
        self.problems = problems
    }

    /// The value of a key; nil where the key is absent or its value is wrong.
    mutating func value<Value>(_ key: String, _ type: ValueType<Value>) -> Value? {
        known.append(key)
        return entry(key).flatMap { type.read($0.value, key.quoted, problems) }
    }

    /// Like ``value(_:_:)``, for a key that must be there; `example` is how it might look.
    mutating func required<Value>(_ key: String, _ type: ValueType<Value>, example: String) -> Value? {
        if entry(key) == nil {
            problems.error("\(noun) needs \(key.quoted), for instance '\(example)'", at: place)
        }
        return value(key, type)
    }

    /// Where the value of a key stands; nil where the key is absent.
    func place(of key: String) -> Place? {
        entry(key)?.value.place
    }

    /// Where a key stands; nil where it is absent.
    func keyPlace(of key: String) -> Place? {
        entry(key)?.keyPlace
    }

    func has(_ key: String) -> Bool {
        entry(key) != nil
    }

    var isEmpty: Bool { entries.isEmpty }

    /// Says of a key in the file that this version does nothing with it.
    func warnNoEffect(_ key: String, _ instead: String) {
        guard let place = keyPlace(of: key) else { return }
        problems.warning("\(key.quoted) has no effect in this version: \(instead)", at: place)
    }

    func reportUnknownKeys() {
        for entry in entries where !known.contains(entry.key) && !problems.isFull {
            let fix =
                if let near = NearestWord.find(entry.key, among: known) {
                    "did you mean \(near.quoted)?"
                } else {
                    "\(noun) takes \(known.listed)"
                }
            problems.error("unknown key \(entry.key.quoted); \(fix)", at: entry.keyPlace)
        }
    }

    private func entry(_ key: String) -> YAMLNode.Entry? {
        entries.first { $0.key == key }
    }
}
