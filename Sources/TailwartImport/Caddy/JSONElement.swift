import TailwartWire

/// A JSON value together with the way to it, so that whatever is said about it names the position.
struct JSONElement {
    let value: JSON
    private let file: String
    private let path: [String]
    /// Whether the text is JSON itself, so that the way to it says something.
    private let isJSON: Bool

    init(reading text: String, file: String) throws(SyntaxProblem) {
        // A byte order mark is no part of the text.
        let bytes = Array(text.unicodeScalars.first == "\u{FEFF}" ? text.utf8.dropFirst(3) : text.utf8[...])
        do {
            value = try JSONReader.read(bytes.span, JSONReader.Options(refusesRepeatedKeys: true))
        } catch {
            throw SyntaxProblem(
                error.message, at: SourcePosition(file: file, line: error.position.line, column: error.position.column))
        }
        self.file = file
        path = []
        isJSON = true
    }

    /// What was made of a Caddyfile.
    init(madeOf file: String, _ value: JSON) {
        (self.value, self.file, path, isJSON) = (value, file, [], false)
    }

    private init(_ value: JSON, below parent: JSONElement, _ key: String) {
        (self.value, file, path, isJSON) = (value, parent.file, parent.path + [key], parent.isJSON)
    }

    /// With the pointer of RFC 6901; keys are made printable, and cut where they are absurdly long.
    var position: SourcePosition {
        var position = SourcePosition(file: file, line: value.position.line, column: value.position.column)
        guard isJSON else { return position }
        position.pointer = path.map { step in
            let key = step.prefix(60).printable + (step.count > 60 ? "…" : "")
            return "/" + key.replacing("~", with: "~0").replacing("/", with: "~1")
        }.joined()
        return position
    }

    /// The last step of the way: a key, or a number in a list.
    var key: String { path.last ?? "" }

    /// The members of an object without Caddy's own `@id`; nil if it is none.
    var members: [JSONElement]? {
        value.members?.filter { $0.key != "@id" }.map { JSONElement($0.value, below: self, $0.key) }
    }

    /// The members of a list; nil if it is none.
    var elements: [JSONElement]? {
        value.list?.enumerated().map { JSONElement($1, below: self, "\($0)") }
    }

    /// A member of an object; null counts as absent, as it does for Caddy.
    subscript(key: String) -> JSONElement? {
        guard let member = value[key], member != .null else { return nil }
        return JSONElement(member, below: self, key)
    }

    var text: String? { value.text }
}
