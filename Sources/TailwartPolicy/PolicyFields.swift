/// The members of an object of fixed keys, which the control servers compare without case.
struct PolicyFields {
    let place: PolicyPlace
    private var members: [String: HuJSON.Member] = [:]
    /// Keys that stand a second time.
    private(set) var repeated: [HuJSON.Member] = []

    /// Nil if the value is no object.
    init?(_ value: HuJSON) {
        guard case .object(let all) = value.content else { return nil }
        place = value.place
        for member in all {
            if members.updateValue(member, forKey: member.key.lowercased()) != nil { repeated.append(member) }
        }
    }

    subscript(key: String) -> HuJSON? { members[key.lowercased()]?.value }

    func keyPlace(of key: String) -> PolicyPlace? { members[key.lowercased()]?.keyPlace }

    /// Keys that are none of these, in the order of the file.
    func unknown(besides known: [String]) -> [HuJSON.Member] {
        let known = Set(known.map { $0.lowercased() })
        return members.filter { !known.contains($0.key) }.map(\.value).sorted { $0.keyPlace < $1.keyPlace }
    }
}

extension HuJSON {
    var text: String? {
        if case .string(let text) = content { text } else { nil }
    }

    /// Nil if it is no list.
    var elements: [HuJSON]? {
        if case .list(let elements) = content { elements } else { nil }
    }

    /// Nil if it is no object.
    var members: [Member]? {
        if case .object(let members) = content { members } else { nil }
    }

    /// Whether it says something: not null, not an empty list or object.
    var isFilled: Bool {
        switch content {
        case .null: false
        case .list(let elements): !elements.isEmpty
        case .object(let members): !members.isEmpty
        case .string(let text): !text.isEmpty
        case .bool, .number: true
        }
    }
}
