package import TailwartWire

/// The connections that are open, for people, made of the answer for programs.
package struct ConnectionsText {
    private let answer: JSON

    package init(_ answer: JSON) { self.answer = answer }

    /// What has to be known of the list.
    package var problems: [String] {
        (answer["problems"]?.list ?? []).compactMap { $0["message"]?.text?.printable }
    }

    package var lines: [String] {
        let connections = answer["connections"]?.list ?? []
        let table = TextTable(
            ["ID", "LISTENER", "CLIENT", "UPSTREAM", "PHASE", "IN", "OUT", "AGE", "IDLE"], numbers: [5, 6, 7, 8],
            connections.map { connection in
                [
                    text("id", connection), text("listener", connection), client(connection),
                    text("upstream_address", connection), text("phase", connection), bytes("bytes_in", connection),
                    bytes("bytes_out", connection), time("age_ms", connection), time("idle_ms", connection),
                ]
            })
        let all = answer["matching"]?.integer ?? connections.count
        let more = all > connections.count ? ["and \(all - connections.count) more"] : []
        return connections.isEmpty ? ["no connection is open"] : table.lines + more
    }

    /// With the name that it asks for.
    private func client(_ connection: JSON) -> String {
        let name = text("server_name", connection)
        return text("client", connection) + (name.isEmpty ? "" : " (\(name))")
    }

    private func text(_ key: String, _ connection: JSON) -> String { connection[key]?.text?.printable ?? "" }

    private func bytes(_ key: String, _ connection: JSON) -> String {
        connection[key]?.integer.map { Shown.bytes($0) } ?? ""
    }

    private func time(_ key: String, _ connection: JSON) -> String {
        connection[key]?.integer.map { Shown.duration(seconds: $0 / 1000) } ?? ""
    }
}
