import TailwartWire

/// One thing that is the matter with an endpoint, or nothing, and the ports where it is found: what one line says.
package struct Diagnosis: Sendable, Equatable {
    /// What the ports of an endpoint say together, and none of them alone.
    package enum Joint: Sendable, Hashable {
        /// Every port refuses.
        case stopped(hasAnswered: Bool)
        /// A port that answered refuses or says nothing, while another of this host answers.
        case barred
        /// No port says anything, where all did, and the host answers over the tailnet.
        case barredAll
        /// No port says anything, where none ever did, and the host answers over the tailnet.
        case ungranted
        /// No port says anything, nor does the host over the tailnet.
        case away
        /// No port says anything, where all did. Whether the host is there nobody knows.
        case gone
        /// The tailnet says why.
        case follows(TailnetNews.Change, String, fix: String?)
    }

    /// What a line is about: while it stays the same, nothing is news.
    package struct Matter: Sendable, Hashable {
        package let verdict: Verdict
        package let missingNames: [String]
        package let joint: Joint?
    }

    /// Never empty; all of one endpoint, in the order of the file.
    package let asked: [AskedPlace]
    /// Of the first.
    package let result: ProbeResult
    package let joint: Joint?
    /// Who answers at the endpoint, as far as they said who they are.
    let servers: [MailServer]

    package init(
        _ asked: [AskedPlace], _ result: ProbeResult, joint: Joint? = nil, servers: [MailServer] = []
    ) {
        self.asked = asked
        self.result = result
        self.joint = joint
        self.servers = servers
    }

    package var verdict: Verdict { result.verdict }

    package var matter: Matter { Self.matter(of: result, asking: asked[0].name, joint) }

    /// The places, each once.
    package var places: [ProbedPlace] { asked.map(\.place).withoutRepeats }

    /// For a person: `mailbox stalwart.tail1234.ts.net:25 (smtp), :465 (submissions)`.
    package var label: String { asked.label }

    /// - Parameter name: the one that was asked for; that it is missing itself is the same of each.
    static func matter(of result: ProbeResult, asking name: String?, _ joint: Joint?) -> Matter {
        let missing =
            result.verdict == .certificateNameMismatch
            ? (result.certificate?.missingNames ?? []).filter { $0 != name } : []
        let verdict: Verdict =
            switch joint {
            // What a single port says is one sign of it.
            case .gone, .follows: .timeout
            case .stopped, .barred, .barredAll, .ungranted, .away, nil: result.verdict
            }
        return Matter(verdict: verdict, missingNames: missing, joint: joint)
    }
}

/// What a probe asked: a place, and the name that it asked for.
package struct AskedPlace: Sendable, Hashable {
    package let place: ProbedPlace
    package let serverName: String?

    package init(_ place: ProbedPlace, serverName: String?) {
        self.place = place
        self.serverName = serverName
    }

    /// As far as somebody is told of it.
    var name: String? { place.proto == .https ? serverName : nil }
}

extension [ProbedPlace] {
    /// All of one endpoint, for a person.
    package var label: String { map { AskedPlace($0, serverName: nil) }.label }
}

extension [AskedPlace] {
    /// All of one endpoint, for a person.
    package var label: String {
        var parts: [String] = []
        for (index, place) in map(\.place).withoutRepeats.enumerated() {
            let names = filter { $0.place == place }.compactMap(\.name)
            let list = names.isEmpty ? nil : names.joined(separator: ", ")
            parts.append(index == 0 ? place.label(list) : place.portLabel(list))
        }
        return parts.joined(separator: ", ")
    }
}

// MARK: - from what is known

extension Diagnosis {
    /// What is known of one place, for a diagnosis and for what is said.
    struct Port: Sendable {
        let place: ProbedPlace
        let standing: Health.Standing
        /// What showed it.
        let witness: EdgeEvent.Witness
        /// Whether the next probe, if it finds the same as the last, may change the standing.
        let isTurning: Bool
        /// The last, in the order of the names that are asked for.
        let results: [(serverName: String?, result: ProbeResult)]
        /// Whether a server ever answered there.
        let hasAnswered: Bool
        /// Probes in a row that got no use out of it.
        let failures: Int
        /// When the first of them began.
        let failedSince: ContinuousClock.Instant?
        /// When the last probe began whose end is known; nil: none.
        let asked: ContinuousClock.Instant?
        /// Whether it is not asked for a while, as that costs.
        let isResting: Bool
        /// Whether others of its names are asked for soon, as one of them has changed or nothing is known of them yet.
        let isAskingNames: Bool
        let server: MailServer?

        /// Whether somebody takes connections there, whatever is said then.
        var takesConnections: Bool {
            results.contains {
                !Verdict.ofOutage.contains($0.result.verdict) && !Verdict.ofSilentHost.contains($0.result.verdict)
            }
        }

        var answers: Bool { results.contains { $0.result.verdict.grade != .failed } }

        func isAll(_ verdicts: Set<Verdict>) -> Bool {
            !results.isEmpty && results.allSatisfy { verdicts.contains($0.result.verdict) }
        }
    }

    /// What is known of an endpoint beside its ports.
    struct Surroundings: Sendable {
        /// What explains that nothing comes back from there.
        var tailnet: TailnetNews?
        /// Whether the host answers over the tailnet, asked since the ports say nothing; nil: nobody knows.
        var isPathUp: Bool?
        /// Whether a port of the same host answers at another upstream.
        var answersElsewhere = false
    }

    /// - Parameter ports: all of one endpoint.
    static func all(of ports: [Port], _ surroundings: Surroundings) -> [Diagnosis] {
        let servers = MailServer.allCases.filter { server in ports.contains { $0.server == server } }
        // Port 8080 tells of the whole server.
        let booting =
            ports.allSatisfy { $0.isAll([.refused, .booting]) }
            ? ports.lazy.flatMap(\.results).first { $0.result.verdict == .booting }?.result : nil
        // And one port that the edge alone is banned from, that the others of this server are not closed to clients.
        let banOfEdge = ports.lazy.flatMap(\.results).first { $0.result.servesClients }?.result
        var found: [Diagnosis] = []
        for port in ports {
            for (name, seen) in port.results {
                var result = booting ?? seen
                if let banOfEdge, result.verdict == .banned {
                    (result.servesClients, result.server) = (true, result.server ?? banOfEdge.server)
                }
                let one = AskedPlace(port.place, serverName: port.place.proto == .https ? name : nil)
                let joint = joint(of: result, at: port, ports, surroundings)
                let next = Diagnosis([one], result, joint: joint, servers: servers)
                let index = found.firstIndex { before in
                    before.matter == next.matter && before.cause == next.cause
                        && (joint != nil || before.verdict == .well || before.fix == next.fix)
                        // What answers in another's place is another at each port.
                        && (before.verdict != .wrongProtocol || before.result.detail == result.detail)
                }
                if let index {
                    found[index] = Diagnosis(
                        found[index].asked + [one], found[index].result, joint: joint, servers: servers)
                } else {
                    found.append(next)
                }
            }
        }
        return found
    }

    private static func joint(
        of result: ProbeResult, at port: Port, _ ports: [Port], _ around: Surroundings
    ) -> Joint? {
        guard result.byAddress.isEmpty else { return nil }
        if let news = around.tailnet, Verdict.ofSilentHost.contains(result.verdict) {
            return .follows(news.change, news.sentence, fix: news.fix)
        }
        // One port alone says of the host only that it is not as it was.
        let hasAnswered = ports.contains(where: \.hasAnswered)
        let isOfHost = ports.count > 1 || hasAnswered
        switch result.verdict {
        case .refused:
            // A web server that is gone, where mail is well or somewhere else, is neither a mail server that is stopped nor a ban.
            if port.place.proto == .https, ports.allSatisfy({ $0.place.proto == .https || $0.answers }) { return nil }
            let isStopped = ports.allSatisfy { $0.isAll([.refused]) } && !around.answersElsewhere
            if isStopped, isOfHost, EndpointDiagnosis.isUsual(ports.map(\.place.port)) {
                return .stopped(hasAnswered: hasAnswered)
            }
        case .timeout, .unreachable: break
        default: return nil
        }
        if ports.allSatisfy({ $0.isAll([.timeout]) }), !around.answersElsewhere, isOfHost, let isUp = around.isPathUp {
            return !isUp ? .away : hasAnswered ? .barredAll : .ungranted
        }
        if hasAnswered, !around.answersElsewhere, ports.allSatisfy({ $0.isAll([.refused, .timeout, .unreachable]) }),
            !ports.allSatisfy({ $0.isAll([.refused]) })
        {
            return .gone
        }
        // A port that fails for a moment is no ban, and one that was asked before it did tells nothing.
        guard port.hasAnswered, port.failures > 1, let since = port.failedSince else { return nil }
        let answers =
            around.answersElsewhere || ports.contains { $0.takesConnections && $0.asked.map { $0 >= since } ?? false }
        return answers ? .barred : nil
    }
}

extension Verdict {
    /// What is found where nothing comes back from a host.
    static let ofSilentHost: Set<Verdict> = [.timeout, .unreachable, .proxyFailed, .nameUnknown]
    /// What is found while a host or its servers start again.
    static let ofOutage: Set<Verdict> = [.refused, .timeout, .unreachable, .booting, .proxyFailed]
    /// What a probe finds whose connection stands still or breaks in the middle.
    static let ofInterruption: Set<Verdict> = [.silent, .busy, .tlsFailed]
}
