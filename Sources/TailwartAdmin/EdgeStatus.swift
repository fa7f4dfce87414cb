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
    /// See ``bans(_:isObserving:failure:)``.
    package var bans: JSON?
    package var turnedAway: [JSON] = []
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
                "totals": totals, "endings": .list(endings), "bans": bans,
                "turned_away": .list(turnedAway), "events": .list(events),
            ])
    }

    /// - Parameter failure: why they are not written to their file.
    package static func bans(_ counts: [BanLayer: Int], isObserving: Bool, failure: String?) -> JSON {
        [
            "layers": .list(
                BanLayer.allCases.map { ["layer": .text($0.rawValue), "count": .number(counts[$0] ?? 0)] }),
            "observe": .flag(isObserving), "failure": failure.json,
        ]
    }

    package static func turnedAway(_ row: StrangeNetworks.Row, isBanned: Bool) -> JSON {
        [
            "network": .text("\(row.network)"), "count": .number(row.count), "banned": .flag(isBanned),
            "reasons": .list(row.reasons.map { ["reason": .text($0.reason.name), "count": .number($0.count)] }),
        ]
    }
}
