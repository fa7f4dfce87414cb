/// A key and its value in a JSON line, beside the sentence that says the same to a person.
package struct LogField: Sendable, Equatable {
    package enum Value: Sendable, Equatable {
        case text(String)
        case number(Int)
        case list([String])
    }

    package let key: String
    package let value: Value

    package init(_ key: String, _ value: String) { (self.key, self.value) = (key, .text(value)) }
    package init(_ key: String, _ value: Int) { (self.key, self.value) = (key, .number(value)) }
    package init(_ key: String, _ value: [String]) { (self.key, self.value) = (key, .list(value)) }

    package func write(to out: inout LineBuffer) {
        out.append(json: key)
        out.append(":")
        switch value {
        case .text(let text): out.append(json: text)
        case .number(let number): out.append(text: "\(number)")
        case .list(let texts):
            out.append("[")
            for (index, text) in texts.enumerated() {
                if index > 0 { out.append(",") }
                out.append(json: text)
            }
            out.append("]")
        }
    }
}
