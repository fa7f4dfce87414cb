package import TailwartWire

/// A value of the file with its position: aliases followed, variables replaced, keys unique.
package struct YAMLNode {
    package enum Content {
        /// Nothing after the colon, `~` or `null`.
        case null
        /// Any other scalar. Quotes make no difference: what a text means is up to the key that it stands under.
        case text(String)
        case list([YAMLNode])
        /// In the order of the file.
        case mapping([Entry])
        /// A problem has been reported here; whoever reads this stays silent.
        case unreadable
    }

    package struct Entry {
        package let key: String
        package let keyPosition: TextPosition
        package let value: YAMLNode
    }

    package let position: TextPosition
    package let content: Content
    /// How many values it stands for, itself and those behind aliases included.
    let size: Int
    /// How many levels it stands for, those behind aliases included.
    let height: Int

    init(_ content: Content, at position: TextPosition, around children: [YAMLNode] = []) {
        self.content = content
        self.position = position
        size = children.reduce(1) { $0 + $1.size }
        height = 1 + (children.lazy.map(\.height).max() ?? 0)
    }

    /// For a message: what was found instead of what is expected.
    var found: String {
        switch content {
        case .null: "nothing"
        case .text(let text): text.quoted
        case .list: "a list"
        case .mapping: "a mapping"
        case .unreadable: "something unreadable"
        }
    }
}
