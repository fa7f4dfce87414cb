package import TailwartCore
package import TailwartWire

/// What `tailwart probe --json` prints; docs/json.md has the table.
package struct ProbeAnswer: Sendable {
    /// As in the status.
    package let places: [JSON]
    package let problems: [CommandAnswer.Problem]

    package init(places: [JSON] = [], problems: [CommandAnswer.Problem]) {
        self.places = places
        self.problems = problems
    }

    /// It is good where nothing is worse than a warning, and all is known.
    package var answer: CommandAnswer {
        CommandAnswer(
            isGood: problems.allSatisfy { $0.severity == .warning }, problems: problems, ["places": .list(places)])
    }

    package static func late(_ place: String) -> CommandAnswer.Problem {
        .init(
            .unknown, "\(place): the probe came to no end in time; what stands here is older",
            fix: "Ask again, or see 'tailwart status' in a minute")
    }

    package static func resting(_ place: String) -> CommandAnswer.Problem {
        .init(
            .unknown,
            "\(place): not asked, as the mailbox counts such probes against this edge, and there were enough in a day",
            fix: "Once it is mended, change what the file says of the upstream and reload, or start the edge anew")
    }
}
