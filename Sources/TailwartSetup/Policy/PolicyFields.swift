import TailwartWire

/// The members of an object of fixed keys, which the control servers compare without case.
struct PolicyFields {
    let position: TextPosition
    private var members: [String: JSON.Member] = [:]
    /// Keys that stand a second time.
    private(set) var repeated: [JSON.Member] = []

    /// Nil if the value is no object.
    init?(_ value: JSON) {
        guard case .object(let all) = value.content else { return nil }
        position = value.position
        for member in all {
            if members.updateValue(member, forKey: member.key.lowercased()) != nil { repeated.append(member) }
        }
    }

    subscript(key: String) -> JSON? { members[key.lowercased()]?.value }

    func keyPosition(of key: String) -> TextPosition? { members[key.lowercased()]?.keyPosition }

    /// Keys that are none of these, in the order of the file.
    func unknown(besides known: [String]) -> [JSON.Member] {
        let known = Set(known.map { $0.lowercased() })
        return members.filter { !known.contains($0.key) }.map(\.value).sorted { $0.keyPosition < $1.keyPosition }
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
