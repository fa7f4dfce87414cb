package import TailwartCore
package import TailwartWire

/// What `tailwart status --json` prints; docs/json.md has the table. What is not known is null, or an empty list.
package struct EdgeStatus: Sendable {
    package var version: String?
    package var process: Int?
    /// `serving` or `draining`.
    package var state: String?
    /// Seconds.
    package var uptime: Int?
    package var listeners: [JSON] = []
    package var places: [JSON] = []
    package var certificates: [JSON] = []
    package var names: [JSON] = []
    package var tailnet: [JSON] = []
    package var totals: JSON?
    package var endings: [JSON] = []
    package var events: [JSON] = []

    package init() {}

    /// It is good where no problem is an error.
    package func answer(problems: [CommandAnswer.Problem]) -> CommandAnswer {
        CommandAnswer(
            isGood: !problems.contains { $0.severity == .error }, problems: problems,
            [
                "version": version.json, "pid": process.map { .number($0) }, "state": state.json,
                "uptime_s": uptime.map { .number($0) }, "listeners": .list(listeners), "places": .list(places),
                "certificates": .list(certificates), "names": .list(names), "tailnet": .list(tailnet),
                "totals": totals, "endings": .list(endings), "events": .list(events),
            ])
    }
}

/// What `tailwart reload --json` prints.
package enum ReloadAnswer {
    /// - Parameter changes: as ``ConfigurationDifference`` writes them.
    package static func answer(
        isGood: Bool, problems: [CommandAnswer.Problem], changes: JSON = .list([])
    ) -> CommandAnswer {
        CommandAnswer(isGood: isGood, problems: problems, ["changes": changes])
    }
}
