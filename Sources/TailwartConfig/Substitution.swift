import TailwartWire

/// Replaces `${NAME}`, `${NAME:-default}`, `${NAME:?message}` and `$$` in one value.
///
/// Works on a value after the file has been parsed, and only once: what a variable holds is never looked at again, so it
/// cannot change the structure of the file or name another variable.
package struct Substitution {
    /// Bytes of a value after replacing: no key takes more than some hundred.
    private static let byteLimit = 65_536

    private let environment: [String: String]

    package init(environment: [String: String]) {
        self.environment = environment
    }

    /// - Parameter complain: is called with what is wrong, once for each reference.
    /// - Returns: nil if anything was wrong.
    package func apply(to text: String, complain: (String) -> Void) -> String? {
        guard text.contains("$") else { return text }
        var result = ""
        var rest = text[...]
        var isGood = true
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            if rest.first == "$" {
                result += "$"
                rest = rest.dropFirst()
            } else if rest.first == "{" {
                guard let end = rest.firstIndex(of: "}") else {
                    complain("'${' has no '}'; close it, or write $$ for a dollar sign")
                    return nil
                }
                switch value(of: rest[rest.index(after: rest.startIndex)..<end]) {
                case .success(let value):
                    result += value
                    guard result.utf8.count <= Self.byteLimit else {
                        complain("the value has more than \(Self.byteLimit) bytes when its variables are replaced")
                        return nil
                    }
                case .failure(let complaint):
                    complain(complaint.text)
                    isGood = false
                }
                rest = rest[rest.index(after: end)...]
            } else {
                complain("'$' stands alone; write ${NAME} for a variable or $$ for a dollar sign")
                isGood = false
            }
        }
        return isGood ? result + rest : nil
    }

    private struct Complaint: Error {
        let text: String
    }

    /// - Parameter reference: what stands between the braces.
    private func value(of reference: Substring) -> Result<String, Complaint> {
        let name = reference.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        let operation = reference.dropFirst(name.count)
        let operand = operation.dropFirst(2)
        guard let first = name.first, !first.isNumber, !operand.contains("${"),
            operation.isEmpty || operation.hasPrefix(":-") || operation.hasPrefix(":?")
        else {
            let written = "${\(reference)}".quoted
            return .failure(
                Complaint(text: "\(written) is not a reference; write ${NAME}, ${NAME:-default} or ${NAME:?message}"))
        }
        let value = environment[String(name)]
        switch operation.prefix(2) {
        case ":-":
            return .success(value.flatMap { $0.isEmpty ? nil : $0 } ?? String(operand))
        case ":?":
            guard let value, !value.isEmpty else {
                let reason = operand.isEmpty ? "; set it" : ": \(operand)"
                return .failure(Complaint(text: "the environment variable \(name) is not set\(reason)"))
            }
            return .success(value)
        default:
            guard let value else {
                let fix = "set it, or give a default: ${\(name):-default}"
                return .failure(Complaint(text: "the environment variable \(name) is not set; \(fix)"))
            }
            guard !value.isEmpty else {
                let fix = "set it, or write ${\(name):-} if it may be"
                return .failure(Complaint(text: "the environment variable \(name) is empty; \(fix)"))
            }
            return .success(value)
        }
    }
}
