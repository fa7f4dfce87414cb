/// A place in a policy file; both numbers count from 1, columns in Unicode scalars.
package struct PolicyPlace: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let line: Int
    package let column: Int

    package static let start = PolicyPlace(line: 1, column: 1)

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    package static func < (first: PolicyPlace, second: PolicyPlace) -> Bool {
        (first.line, first.column) < (second.line, second.column)
    }

    package var description: String { "\(line):\(column)" }
}

/// A value of a HuJSON file: JSON with `//` and `/* */` comments and commas after the last member
/// (https://github.com/tailscale/hujson), with the place of each value and key.
package struct HuJSON: Sendable {
    package enum Content: Sendable {
        case null
        case bool(Bool)
        /// As written: no number of a policy is ever calculated with.
        case number(String)
        case string(String)
        case list([HuJSON])
        /// In the order of the file. A key may stand twice: whoever reads the file decides what that means.
        case object([Member])
    }

    package struct Member: Sendable {
        package let key: String
        package let keyPlace: PolicyPlace
        package let value: HuJSON
    }

    package let place: PolicyPlace
    package let content: Content

    /// For a message: what was found instead of what is expected.
    package var found: String {
        switch content {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .number(let text): text
        case .string(let text): text.quotedForPolicy
        case .list: "a list"
        case .object: "an object"
        }
    }
}

extension String {
    /// In quotes for a message: control characters escaped, long text cut.
    package var quotedForPolicy: String {
        let limit = 80
        var text = ""
        for scalar in unicodeScalars.prefix(limit) {
            text += scalar.properties.generalCategory == .control ? scalar.escaped(asASCII: true) : String(scalar)
        }
        return unicodeScalars.dropFirst(limit).isEmpty ? "'\(text)'" : "'\(text)…'"
    }
}
