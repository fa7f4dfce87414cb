import TailwartWire

/// A text of Caddy's with its placeholders replaced by ours.
struct CaddyText {
    enum Problem: Error {
        /// A placeholder that ours has nothing for.
        case placeholder(String)
        /// An environment variable of a name that ours cannot have.
        case variableName(String)

        var message: String {
            switch self {
            case .placeholder(let name) where name.hasPrefix("l4."):
                "the placeholder {\(name)} is filled in for each connection, and here a client never chooses where it goes; "
                    + "write a route with `sni` for each name"
            case .placeholder(let name) where name.hasPrefix("$"):
                "{\(name)} is replaced in Caddyfiles only and stays as it is in JSON; write {env.\(name.dropFirst())}"
            case .placeholder(let name):
                "there is nothing here for the placeholder {\(name)}, only {env.NAME} becomes ${NAME}; write its value"
            case .variableName(let name):
                "the variable \(name.quoted) cannot be named here, where names have letters, digits and '_'; rename it"
            }
        }
    }

    /// - Parameter use: what a variable stands for.
    static func convert(
        _ text: String, as use: Variables.Use, _ variables: inout Variables
    ) throws(Problem) -> String {
        var result = ""
        var rest = text[...]
        while let brace = rest.firstIndex(of: "{") {
            let before = rest[..<brace]
            rest = rest[rest.index(after: brace)...]
            if before.last == "\\" {
                result += String(before.dropLast()).escapedForOurs + "{"
                continue
            }
            result += String(before).escapedForOurs
            guard let end = rest.firstIndex(of: "}") else {
                result += "{"
                continue
            }
            let name = String(rest[..<end])
            rest = rest[rest.index(after: end)...]
            guard name.hasPrefix("env.") else { throw .placeholder(name) }
            guard let reference = variables.refer(to: String(name.dropFirst(4)), as: use) else {
                throw .variableName(String(name.dropFirst(4)))
            }
            result += reference
        }
        return result + String(rest).escapedForOurs
    }
}
