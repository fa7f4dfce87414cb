package import TailwartCore
package import TailwartWire

/// What `tailwart probe --json` prints; docs/json.md has the table.
package struct ProbeAnswer: Sendable {
    /// For probes to end: longer than a polite one of a server that says nothing lasts.
    package static let patience = Duration.seconds(60)

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

    /// What will be asked, for a person who waits: each endpoint with its ports. Nil if there is nothing.
    ///
    /// - Parameters:
    ///   - status: of the edge.
    ///   - upstreams: empty for all.
    package static func announcement(of status: JSON, upstreams: [String]) -> String? {
        let places = status["places"]?.list ?? []
        // Who is never probed has no verdict; just after the start nobody has one.
        let probed = places.filter { $0["verdicts"]?.list?.isEmpty == false }
        var ports: [(name: String, ports: [Int])] = []
        for place in probed.isEmpty ? places : probed {
            guard let upstream = place["upstream"]?.text, upstreams.isEmpty || upstreams.contains(upstream) else {
                continue
            }
            let endpoint = place["endpoint"]?.text ?? ""
            let port = place["port"]?.integer ?? 0
            let host = endpoint.hasSuffix(":\(port)") ? String(endpoint.dropLast("\(port)".count + 1)) : endpoint
            let name = "\(upstream) \(host)".printable
            if ports.last?.name != name { ports.append((name, [])) }
            // A Unix socket has none.
            if port > 0 { ports[ports.count - 1].ports.append(port) }
        }
        guard !ports.isEmpty else { return nil }
        return ports.map { name, ports in name + ports.map { ":\($0)" }.joined(separator: ", ") }.joined(
            separator: "; ")
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
