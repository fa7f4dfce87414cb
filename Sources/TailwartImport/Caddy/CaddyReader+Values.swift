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
    mutating func texts(_ element: JSONElement?, as use: Variables.Use) -> [(text: String, element: JSONElement)] {
        list(element).compactMap { member in text(member, as: use).map { ($0, member) } }
    }

    /// A text with its placeholders replaced.
    mutating func text(_ element: JSONElement, as use: Variables.Use) -> String? {
        guard let text = element.text else {
            refuse(element, "a text should stand here, not \(element.value.found)")
            return nil
        }
        do throws(CaddyText.Problem) {
            return try CaddyText.convert(text, as: use, &variables)
        } catch {
            refuse(element, error.message)
            return nil
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
    mutating func networks(_ element: JSONElement?) -> [String] {
        texts(element, as: .network).compactMap { text, element in
            if text.contains("$") { return text }
            if let network = IPAddressText.network(text) { return network }
            refuse(element, "\(text.quoted) is no network such as 192.0.2.0/24")
            return nil
        }
    }

    func refuse(_ element: JSONElement, _ message: String) { findings.refuse(message, at: element.place) }

    func note(_ element: JSONElement, _ message: String) { findings.note(message, at: element.place) }
}
