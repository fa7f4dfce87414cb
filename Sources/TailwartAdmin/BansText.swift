package import TailwartWire

/// What is known of bans, for people, made of the answer for programs.
package struct BansText {
    private let answer: JSON

    package init(_ answer: JSON) { self.answer = answer }

    /// What has to be known besides.
    package var problems: [String] {
        (answer["problems"]?.list ?? []).map { problem in
            [problem["message"]?.text, problem["fix"]?.text].compactMap { $0?.printable }.joined(separator: ". ")
        }
    }

    /// Of everything but the list.
    package var sentences: [String] { (answer["messages"]?.list ?? []).compactMap { $0.text?.printable } }

    package var list: [String] {
        let bans = answer["bans"]?.list ?? []
        guard !bans.isEmpty else { return ["nobody is banned"] }
        let table = TextTable(
            ["NETWORK", "BY", "UNTIL", "WHY"],
            bans.map { ban in
                func text(_ key: String) -> String { ban[key]?.text?.printable ?? "" }
                return [text("network"), text("layer"), ban["until"]?.text?.printable ?? "for ever", text("reason")]
            })
        let all = answer["matching"]?.integer ?? bans.count
        return table.lines + (all > bans.count ? ["and \(all - bans.count) more"] : [])
    }
}
