import TailwartCore
import TailwartWire

extension CaddyReader {
    /// Refuses what is not an object, and every key that is not known: Caddy does so too, and whatever it is, it is not imported.
    ///
    /// - Parameter left: keys that are left out, with the reason.
    func members(
        _ element: JSONElement, known: [String], left: [String: String] = [:],
        refused: [String: Unsupported] = [:]
    ) -> Bool {
        let table = WordTable(harmless: known.joined(separator: " "), left: left, refused: refused)
        for member in objects(element) { table.read(member.key, at: member.position, findings) }
        return element.members != nil
    }

    /// The members of an object, none with that refused if it is none.
    func objects(_ element: JSONElement) -> [JSONElement] {
        if let members = element.members { return members }
        refuse(element, "expected an object, not \(element.value.found)")
        return []
    }

    /// The members of a list, none where it is absent.
    func list(_ element: JSONElement?) -> [JSONElement] {
        guard let element else { return [] }
        if let elements = element.elements { return elements }
        refuse(element, "expected a list, not \(element.value.found)")
        return []
    }

    /// The texts of a list, with placeholders replaced.
    func texts(_ element: JSONElement?) -> [(text: String, element: JSONElement)] {
        list(element).compactMap { member in text(member).map { ($0, member) } }
    }

    /// A text with its placeholders replaced.
    func text(_ element: JSONElement) -> String? {
        guard let text = element.text else {
            return refuse(element, "expected a text, not \(element.value.found)")
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
            let reference = reference(name)
            guard let reference else {
                if name.hasPrefix("l4.") {
                    findings.refuse("{\(name)}", .perConnection, at: element.position)
                } else {
                    refuse(
                        element,
                        "\("{\(name)}".quoted) is not replaced here, only {env.NAME} with letters, digits and '_' in its name; write "
                            + "its value")
                }
                return nil
            }
            result += before + reference
        }
        return result + rest
    }

    private func reference(_ name: String) -> String? {
        if name.hasPrefix("env.") { return variables.refer(to: String(name.dropFirst(4))) }
        guard isCaddyfile, name.hasPrefix("$") else { return nil }
        guard !name.dropFirst().contains("$") else { return nil }
        let parts = name.dropFirst().split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        return variables.refer(to: String(parts[0]), or: parts.dropFirst().first.map(String.init))
    }

    /// `tcp4/…` and the like; TCP where nothing is said.
    func address(_ element: JSONElement) -> SourceAddress? {
        text(element).flatMap { text in
            findings.address(text, raw: element.text ?? text, familyBefore: "/", at: element.position)
        }
    }

    /// A number in a range, which Caddy has a default for.
    func number(_ element: JSONElement?, in range: ClosedRange<Int>, or usual: Int) -> Int {
        guard let element else { return usual }
        if let number = element.value.integer {
            return findings.fit(number, in: range, "'\(element.key)'", at: element.position)
        }
        refuse(element, "expected a whole number, not \(element.value.found)")
        return usual
    }

    /// Nanoseconds, or a text such as `1m30s`.
    func duration(_ element: JSONElement) -> Duration? {
        if let nanoseconds = element.value.integer { return .nanoseconds(nanoseconds) }
        if let duration = element.text.flatMap({ ForeignDuration.caddy($0) }) { return duration }
        return refuse(element, "expected a duration such as \"30s\", not \(element.value.found)")
    }

    /// A duration in a range. Zero and less is Caddy's default.
    func duration(_ element: JSONElement?, in range: ClosedRange<Duration>, or usual: Duration) -> Duration {
        guard let element, let given = duration(element), given > .zero else { return usual }
        return findings.fit(given, in: range, "'\(element.key)'", at: element.position)
    }

    /// Networks in the form that ours takes.
    func networks(_ element: JSONElement?) -> [Network] {
        texts(element).compactMap { text, element in findings.network(text, at: element.position) }
    }

    func refuse(_ element: JSONElement, _ message: String) { findings.refuse(message, at: element.position) }

    func refuse<Value>(_ element: JSONElement, _ message: String) -> Value? {
        findings.refuse(message, at: element.position)
    }

    func note(_ element: JSONElement, _ message: String) { findings.note(message, at: element.position) }
}
