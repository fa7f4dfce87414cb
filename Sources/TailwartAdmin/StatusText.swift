package import TailwartWire

/// The status of an edge for people, made of the answer for programs: so the command shows what any edge says, and what is not known is
/// left out.
package struct StatusText {
    private let status: JSON

    package init(_ status: JSON) { self.status = status }

    /// What is wrong first.
    package var lines: [String] {
        [headline] + problems + section(listeners) + section(places) + section(certificates) + section(names)
            + section(paths) + section(totals) + section(bans) + section(turnedAway) + section(events)
    }

    /// Of `tailwart probe`: what is wrong, and the places.
    package var probe: [String] { Array((problems + section(places)).dropFirst()) }

    /// Above all else.
    package var headline: String {
        let state = status["state"]?.text ?? "?"
        let uptime = status["uptime_s"]?.integer.map { " for \(Shown.duration(seconds: $0))" } ?? ""
        let process = status["pid"]?.integer.map { ", process \($0)" } ?? ""
        return "\(text("version", of: status)): \(state), up\(uptime)\(process)"
    }

    /// What is wrong, each with its fix behind an arrow.
    package var problems: [String] {
        list("problems").flatMap { problem in
            let mark = problem["severity"]?.text == "error" ? "✗" : "!"
            let fix = problem["fix"]?.text.map { ["  → \($0.printable)"] } ?? []
            return ["", "\(mark) \(text("message", of: problem))"] + fix
        }
    }

    package var listeners: [String] {
        TextTable(
            ["LISTENER", "PROTOCOL", "ADDRESSES", "OPEN", "ACCEPTED", "REFUSED", "IN", "OUT"],
            numbers: [3, 4, 5, 6, 7],
            list("listeners").map { listener in
                [
                    text("name", of: listener), text("protocol", of: listener), texts("addresses", of: listener),
                    number("open", of: listener), number("accepted", of: listener), number("refused", of: listener),
                    bytes("bytes_in", of: listener), bytes("bytes_out", of: listener),
                ]
            }
        ).lines
    }

    package var places: [String] {
        TextTable(
            ["UPSTREAM", "ENDPOINT", "PROTOCOL", "STANDING", "FOR", "VERDICT", "FOR", "CONNECT"], numbers: [7],
            list("places").flatMap { place in
                let verdicts = place["verdicts"]?.list ?? []
                let endpoint = text("endpoint", of: place)
                let port = place["port"]?.integer ?? 0
                let name = port == 0 || endpoint.hasSuffix(":\(port)") ? endpoint : "\(endpoint):\(port)"
                return (verdicts.isEmpty ? [JSON.null] : verdicts).map { verdict in
                    let server = verdict["server_name"]?.text.map { " (\($0.printable))" } ?? ""
                    return [
                        text("upstream", of: place), name + server, text("protocol", of: place),
                        text("standing", of: place), duration("for_s", of: place), text("verdict", of: verdict),
                        duration("for_s", of: verdict),
                        verdict["connect_us"]?.integer.map { Shown.milliseconds(microseconds: $0) } ?? "",
                    ]
                }
            }
        ).lines
    }

    private var certificates: [String] {
        let rows = list("certificates").map { certificate in
            [
                text("endpoint", of: certificate) + ":" + number("port", of: certificate),
                texts("names", of: certificate),
                number("days_left", of: certificate), text("issuer", of: certificate),
            ]
        }
        return rows.isEmpty
            ? [] : TextTable(["CERTIFICATE AT", "NAMES", "DAYS LEFT", "ISSUER"], numbers: [2], rows).lines
    }

    private var names: [String] {
        let rows = list("names").map { name in
            [
                text("name", of: name), texts("addresses", of: name), text("source", of: name),
                text("failure", of: name),
            ]
        }
        return rows.isEmpty ? [] : TextTable(["NAME", "ADDRESSES", "KNOWN FROM", "FAILURE"], rows).lines
    }

    private var paths: [String] {
        let rows = list("tailnet").map { news in
            [text("change", of: news), duration("for_s", of: news), text("message", of: news)]
        }
        return rows.isEmpty ? [] : TextTable(["TAILNET", "FOR", "WHAT"], rows).lines
    }

    private var totals: [String] {
        guard let totals = status["totals"] else { return [] }
        let lost = (totals["lost_records"]?.integer ?? 0) + (totals["lost_events"]?.integer ?? 0)
        let endings = list("endings").sorted { $0["count"]?.integer ?? 0 > $1["count"]?.integer ?? 0 }
        let first = endings.prefix(6).map { "\(text("reason", of: $0)) \(number("count", of: $0))" }
        let line =
            "\(number("open", of: totals)) open, \(number("accepted", of: totals)) accepted, "
            + "\(bytes("bytes_in", of: totals)) in, \(bytes("bytes_out", of: totals)) out"
            + (lost > 0 ? ", \(lost) lines of the log lost" : "")
        return [line] + (first.isEmpty ? [] : ["ended: \(first.joined(separator: ", "))"])
    }

    /// Only what there is to say.
    private var bans: [String] {
        let layers = status["bans"]?["layers"]?.list ?? []
        let counts = layers.filter { $0["count"]?.integer ?? 0 > 0 }
            .map { "\(number("count", of: $0)) \(text("layer", of: $0))" }
        let isObserved = status["bans"]?["observe"]?.flag == true
        let failure = status["bans"]?["failure"]?.text.map { ["bans are kept in memory only: \($0.printable)"] } ?? []
        let line =
            counts.isEmpty
            ? [] : ["banned\(isObserved ? ", were 'bans.observe' off" : ""): \(counts.joined(separator: ", "))"]
        return line + failure
    }

    /// The strangest networks of the last 24 hours.
    package var turnedAway: [String] {
        let rows = list("turned_away").map { row in
            let reasons = (row["reasons"]?.list ?? []).map { "\(number("count", of: $0)) \(text("reason", of: $0))" }
            return [
                text("network", of: row), number("count", of: row), row["banned"]?.flag == true ? "banned" : "",
                reasons.joined(separator: ", "),
            ]
        }
        return rows.isEmpty ? [] : TextTable(["TURNED AWAY (24 H)", "TIMES", "NOW", "WHY"], numbers: [1], rows).lines
    }

    package var events: [String] {
        let events = list("events")
        return events.isEmpty
            ? []
            : ["LATELY"]
                + events.map { "\(text("time", of: $0)) \(text("level", of: $0)): \(text("message", of: $0))" }
    }

    // MARK: - parts

    private func section(_ lines: [String]) -> [String] { lines.isEmpty ? [] : [""] + lines }

    private func list(_ key: String) -> [JSON] { status[key]?.list ?? [] }

    private func text(_ key: String, of value: JSON) -> String { value[key]?.text?.printable ?? "" }

    private func texts(_ key: String, of value: JSON) -> String {
        (value[key]?.list ?? []).compactMap(\.text).joined(separator: " ").printable
    }

    private func number(_ key: String, of value: JSON) -> String { value[key]?.integer.map { "\($0)" } ?? "" }

    private func bytes(_ key: String, of value: JSON) -> String { value[key]?.integer.map { Shown.bytes($0) } ?? "" }

    private func duration(_ key: String, of value: JSON) -> String {
        value[key]?.integer.map { Shown.duration(seconds: $0) } ?? ""
    }
}
