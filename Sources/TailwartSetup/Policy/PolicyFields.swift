import TailwartWire

/// The members of an object of fixed keys, which the control servers compare without case.
struct PolicyFields {
    let place: TextPlace
    private var members: [String: JSON.Member] = [:]
    /// Keys that stand a second time.
    private(set) var repeated: [JSON.Member] = []

    /// Nil if the value is no object.
    init?(_ value: JSON) {
        guard case .object(let all) = value.content else { return nil }
        place = value.place
        for member in all {
            if members.updateValue(member, forKey: member.key.lowercased()) != nil { repeated.append(member) }
        }
    }

    subscript(key: String) -> JSON? { members[key.lowercased()]?.value }

    func keyPlace(of key: String) -> TextPlace? { members[key.lowercased()]?.keyPlace }

    /// Keys that are none of these, in the order of the file.
    func unknown(besides known: [String]) -> [JSON.Member] {
        let known = Set(known.map { $0.lowercased() })
        return members.filter { !known.contains($0.key) }.map(\.value).sorted { $0.keyPlace < $1.keyPlace }
    }
}

extension JSON {
    /// Whether it says something: not null, not an empty list or object.
    var isFilled: Bool {
        switch content {
        case .null: false
        case .list(let elements): !elements.isEmpty
        case .object(let members): !members.isEmpty
        case .text(let text): !text.isEmpty
        case .flag, .number: true
        }
    }
}
