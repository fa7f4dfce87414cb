extension PolicyCheck.Port {
    /// The answer in one word: `granted`, `missing` or `unknown`.
    package var state: String {
        switch match {
        case .yes: "granted"
        case .no: "missing"
        case .unknown: "unknown"
        }
    }
}

extension PolicyCheck {
    /// - Parameter strict: whether warnings count too.
    package func isGood(strict: Bool) -> Bool { isGood && (!strict || findings.isEmpty) }

    /// For a person: every finding with its position, and the answer.
    ///
    /// - Parameter name: of the policy file.
    package func lines(policy name: String, strict: Bool) -> [String] {
        findings.map { "\(name):\($0.position): \($0.severity.rawValue): \($0.message)" }
            + ["\(name): \(verdict(strict: strict))"]
    }

    /// The answer with its reason, on one line.
    package func verdict(strict: Bool) -> String {
        if isGood(strict: strict) { return "good: \(summary)" }
        let errors = findings.filter { $0.severity == .error }
        if isGood {
            let count = findings.count
            return
                "not good: \(count == 1 ? "there is 1 warning" : "there are \(count) warnings"), which --strict counts; \(summary)"
        }
        guard isMalformed || ports.allSatisfy({ $0.match == .yes }) else {
            return "not good: \(summary)" + (ownersReason.map { " Besides, \($0)." } ?? "")
        }
        // The reason without its remedy, which stands above.
        let reason = ownersReason ?? errors.first.map { String($0.message.prefix { $0 != ";" }) } ?? ""
        let others = errors.count - (ownersReason == nil ? 1 : unownedTags.count)
        let more =
            others < 1 ? "" : others == 1 ? ", and there is 1 more error" : ", and there are \(others) more errors"
        return "not good: \(isMalformed ? "" : "the ports are granted, but ")\(reason)\(more)."
    }

    private var ownersReason: String? {
        guard !unownedTags.isEmpty else { return nil }
        let pronoun = unownedTags.count == 1 ? "it" : "them"
        return "nobody owns \(unownedTags.joined(separator: " and ")), so no device can carry \(pronoun)"
    }

    /// One sentence on all ports.
    package var summary: String {
        let granted = ports.filter { $0.match == .yes }.count
        let reached = tagsInUse.map { tag in
            "\(tag) on \(PortSet(ports.filter { $0.match == .yes && $0.need.tag == tag }.map(\.need.port)))"
        }
        if granted == ports.count { return "\(tags.edge) may reach \(reached.joined(separator: ", and "))." }
        let places = ports.count == 1 ? "the one port" : "the \(ports.count) ports"
        return "\(granted) of \(places) that \(tags.edge) dials \(granted == 1 ? "is" : "are") granted for certain."
    }
}
