/// Any JSON value (RFC 8259), for answers whose shape changes from one element to the next.
enum JSONTree: Decodable, Sendable, Equatable {
    case null
    case flag(Bool)
    case number(Int)
    case text(String)
    case list([JSONTree])
    case object([String: JSONTree])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let number = try? container.decode(Int.self) {
            self = .number(number)
        } else if let object = try? container.decode([String: JSONTree].self) {
            self = .object(object)
        } else if let list = try? container.decode([JSONTree].self) {
            self = .list(list)
        } else if let flag = try? container.decode(Bool.self) {
            self = .flag(flag)
        } else {
            // Null, and a number that is no integer: nothing that is looked for.
            self = .null
        }
    }

    subscript(key: String) -> JSONTree? { if case .object(let members) = self { members[key] } else { nil } }

    var text: String? { if case .text(let text) = self { text } else { nil } }
    var number: Int? { if case .number(let number) = self { number } else { nil } }
    var list: [JSONTree]? { if case .list(let list) = self { list } else { nil } }

    /// The one key of an object such as `{"accept": null}`, and what it holds.
    var only: (key: String, value: JSONTree)? {
        guard case .object(let members) = self, members.count == 1, let first = members.first else { return nil }
        return (first.key, first.value)
    }
}
