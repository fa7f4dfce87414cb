package import TailwartCore
import TailwartWire

extension ConnectionList {
    /// What `tailwart connections --json` prints; docs/json.md has the table.
    package var answer: CommandAnswer {
        let missing = CommandAnswer.Problem(
            .warning, "a worker did not answer in time; its connections are missing", fix: "Ask again in a moment.")
        return CommandAnswer(
            isGood: true, problems: isWhole ? [] : [missing],
            ["matching": .number(matching), "connections": .list(connections.map(\.json))])
    }

    /// Where there is no list.
    package static func answer(problems: [CommandAnswer.Problem]) -> CommandAnswer {
        CommandAnswer(isGood: false, problems: problems, ["matching": nil, "connections": .list([])])
    }

    /// So many are listed at once.
    package static let limits = 1...1000
}

extension LiveConnection {
    fileprivate var json: JSON {
        let line = RecordLine(record.record)
        return [
            "id": .text(line.id), "listener": .text(line.listener.name),
            "protocol": .text(line.listener.proto.rawValue),
            "client": .text(line.client), "server_name": line.hello?.serverName.map { .text(String($0)) } ?? .null,
            "upstream": line.upstream.json, "endpoint": line.endpoint.json,
            "upstream_address": line.upstreamAddress.json, "phase": .text(phase.rawValue),
            "bytes_in": .number(record.record.inboundBytes), "bytes_out": .number(record.record.outboundBytes),
            "age_ms": .number(age / 1000), "idle_ms": idle.map { .number($0 / 1000) } ?? .null,
        ]
    }
}
