/// A JSON value together with the way to it, so that whatever is said about it names the place.
struct JSONElement {
    let value: JSONValue
    private let path: [String]

    init(root: JSONValue) {
        value = root
        path = []
    }

    private init(_ value: JSONValue, path: [String]) {
        self.value = value
        self.path = path
    }

    /// With the pointer of RFC 6901; keys are made printable, and cut where they are absurdly long.
    var place: SourcePlace {
        var place = value.place
        place.pointer = path.map { step in
            let key = step.prefix(60).printable + (step.count > 60 ? "…" : "")
            return "/"
                + key.split(separator: "~", omittingEmptySubsequences: false).joined(separator: "~0")
                .split(separator: "/", omittingEmptySubsequences: false).joined(separator: "~1")
        }.joined()
        return place
    }

    /// The last step of the way: a key, or a number in a list.
    var key: String { path.last ?? "" }

    /// The members of an object without Caddy's own `@id`; nil if it is none.
    var members: [JSONElement]? {
        guard case .object(let members) = value.content else { return nil }
        return members.filter { $0.key != "@id" }.map { JSONElement($0.value, path: path + [$0.key]) }
    }

    /// The members of a list; nil if it is none.
    var elements: [JSONElement]? {
        guard case .list(let members) = value.content else { return nil }
        return members.enumerated().map { JSONElement($1, path: path + ["\($0)"]) }
    }

    /// A member of an object; null counts as absent, as it does for Caddy.
    subscript(key: String) -> JSONElement? {
        guard case .object(let members) = value.content, let member = members.first(where: { $0.key == key }) else {
            return nil
        }
        if case .null = member.value.content { return nil }
        return JSONElement(member.value, path: path + [key])
    }

    var text: String? {
        if case .text(let text) = value.content { text } else { nil }
    }

    var flag: Bool? {
        if case .flag(let flag) = value.content { flag } else { nil }
    }

    var wholeNumber: Int64? {
        if case .number(let text) = value.content { Int64(text) } else { nil }
    }
}
