/// A JSON value with its place, as one file holds it.
struct JSONValue {
    indirect enum Content {
        case null
        case flag(Bool)
        /// As written.
        case number(String)
        case text(String)
        case list([JSONValue])
        /// In the order of the file; keys are unique.
        case object([Member])
    }

    struct Member {
        let key: String
        let keyPlace: SourcePlace
        let value: JSONValue
    }

    let place: SourcePlace
    let content: Content

    /// For a message: what was found instead of what is expected.
    var found: String {
        switch content {
        case .null: "null"
        case .flag(let flag): "\(flag)"
        case .number(let text): text
        case .text(let text): text.quoted
        case .list: "a list"
        case .object: "an object"
        }
    }
}
