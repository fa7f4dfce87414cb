import TailwartCore
import TailwartWire

extension CaddyReader {
    /// Refuses what is not an object, and every key that is not known: Caddy does so too, and whatever it is, it is not imported.
    func members(_ element: JSONElement, known: [String]) -> Bool {
        guard let members = element.members else {
            refuse(element, "an object should stand here, not \(element.value.found)")
            return false
        }
        for member in members where !known.contains(member.key) {
            refuse(member, "\(member.key.quoted) has no counterpart here; remove it, or keep this server with Caddy")
        }
        return true
    }

    /// The members of a list, none where it is absent.
    func list(_ element: JSONElement?) -> [JSONElement] {
        guard let element else { return [] }
        if let elements = element.elements { return elements }
        refuse(element, "a list should stand here, not \(element.value.found)")
        return []
    }

    /// The texts of a list, with placeholders replaced.
    func texts(_ element: JSONElement?) -> [(text: String, element: JSONElement)] {
        list(element).compactMap { member in text(member).map { ($0, member) } }
    }

    /// A text with its placeholders replaced.
    func text(_ element: JSONElement) -> String? {
        guard let text = element.text else {
            refuse(element, "a text should stand here, not \(element.value.found)")
            return nil
        }
        var result = ""
        var rest = text[...]
        while let brace = rest.firstIndex(of: "{") {
            let before = rest[..<brace]
            rest = rest[rest.index(after: brace)...]
            guard before.last != "\\", let end = rest.firstIndex(of: "}") else {
                result += (before.last == "\\" ? before.dropLast() : before) + "{"
                continue
            }
            let name = String(rest[..<end])
            rest = rest[rest.index(after: end)...]
            let reference = name.hasPrefix("env.") ? variables.refer(to: String(name.dropFirst(4))) : nil
            guard let reference else {
                refuse(element, Self.refusal(ofPlaceholder: name))
                return nil
            }
            result += before + reference
        }
        return result + rest
    }

    private static func refusal(ofPlaceholder name: String) -> String {
        switch name {
        case _ where name.hasPrefix("env."):
            "the variable \(name.dropFirst(4).quoted) cannot be named here, where names have letters, digits and '_'; rename it"
        case _ where name.hasPrefix("l4."):
            "the placeholder {\(name)} is filled in for each connection, and here a client never chooses where it goes; "
                + "write a route with `sni` for each name"
        case _ where name.hasPrefix("$"):
            "{\(name)} is replaced in Caddyfiles only and stays as it is in JSON; write {env.\(name.dropFirst())}"
        default:
            "there is nothing here for the placeholder {\(name)}, only {env.NAME} becomes ${NAME}; write its value"
        }
    }

    func wholeNumber(_ element: JSONElement?) -> Int? {
        guard let element else { return nil }
        if let number = element.wholeNumber { return number }
        refuse(element, "a whole number should stand here, not \(element.value.found)")
        return nil
    }

    /// Nanoseconds, or a text such as `1m30s`.
    func duration(_ element: JSONElement?) -> Duration? {
        guard let element else { return nil }
        if let nanoseconds = element.wholeNumber { return .nanoseconds(nanoseconds) }
        if let duration = element.text.flatMap({ ForeignDuration.caddy($0) }) { return duration }
        refuse(element, "a duration such as \"30s\" should stand here, not \(element.value.found)")
        return nil
    }

    /// Networks in the form that ours takes.
    func networks(_ element: JSONElement?) -> [Network] {
        texts(element).compactMap { text, element in findings.network(text, at: element.place) }
    }

    func refuse(_ element: JSONElement, _ message: String) { findings.refuse(message, at: element.place) }

    func note(_ element: JSONElement, _ message: String) { findings.note(message, at: element.place) }
}
