import TailwartWire

extension JSON {
    /// The text of a file: what fits stands on one line, the rest is indented by two spaces.
    var fileText: String { fileText(indent: 0, before: 0) + "\n" }

    private static let lineWidth = 120

    /// - Parameters:
    ///   - indent: of the line that it begins on.
    ///   - before: characters on that line that stand before it.
    private func fileText(indent: Int, before: Int) -> String {
        let line = line(comma: ", ", colon: ": ")
        if before + line.count < Self.lineWidth { return line }
        let inner = indent + 2
        let parts: [String]
        let brackets: (String, String)
        switch content {
        case .null, .text, .number, .flag: return line
        case .list(let values):
            brackets = ("[", "]")
            parts = values.map { $0.fileText(indent: inner, before: inner) }
        case .object(let members):
            brackets = ("{", "}")
            parts = members.map { member in
                let key = "\(Self.quoted(member.key)): "
                return key + member.value.fileText(indent: inner, before: inner + key.count)
            }
        }
        let space = String(repeating: " ", count: indent)
        return "\(brackets.0)\n" + parts.map { "\(space)  \($0)" }.joined(separator: ",\n") + "\n\(space)\(brackets.1)"
    }
}
