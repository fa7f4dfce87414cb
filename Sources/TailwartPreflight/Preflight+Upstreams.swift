import TailwartCore
import TailwartProbe
import TailwartResolve
import TailwartSystem
import TailwartTailnet
import TailwartWire

extension Preflight {
    /// Server names of one place that are asked for at the same time: more at once would look like a scan.
    private static let namesAtOnce = 8
    /// For the question whether the setup page of a server without mail ports answers.
    private static let setupTimeout = Duration.seconds(2)

    private struct Probed: Sendable {
        let subject: ProbeSubject
        /// In the order of the subject's names; one without a name where the place cannot be reached, which is the same for all.
        var results: [(name: String?, result: ProbeResult)]
        /// Not all names could be asked for in time.
        var isCutShort = false
    }

    /// Names first, then each place with each of its server names.
    func upstreamFindings(_ status: Task<Result<TailnetStatus, LocalAPIError>?, Never>) async -> [Finding] {
        let subjects = ProbeSubject.all(of: configuration)
        let names = await NameLookup(names: configuration.hostNames, servers: servers).entries(
            learning: { try? await status.value?.get() }, within: Self.nameTimeout)
        let tailnet = try? await status.value?.get()
        let interfaces = InterfaceAddresses.all()
        let own = OwnDoors(
            configuration.listeners.flatMap(\.bind), host: interfaces, outer: tailnet?.outerAddresses ?? [])
        let name = EdgeName(
            configuration, host: HostName.current, tailnet: tailnet?.ownName, addresses: interfaces)
        let prober = Prober(group: group, name: { name }, ownAddresses: { interfaces })
        let topology = Topology(configuration, addresses: { names[$0]?.addresses }, own: own)
        var probed = await withTaskGroup { group in
            for (index, subject) in subjects.enumerated() {
                guard let approach = topology.approach(subject.place) else { continue }
                group.addTask { (index, await Self.probe(subject, prober, approach)) }
            }
            var all = [Probed?](repeating: nil, count: subjects.count)
            for await (index, result) in group { all[index] = result }
            return all.compactMap(\.self)
        }
        await diagnose(&probed, prober, topology)
        return configuration.hostNames.map {
            NameLookup.finding($0, names[$0], hasTailnet: configuration.tailscale != nil)
        }
            + topology.approaches.compactMap { approach in
                let isSaid = probed.contains {
                    $0.subject.place == approach.place.key && $0.results.first?.result.verdict == .ownAddress
                }
                return isSaid ? nil : UpstreamCheck.leftOut(approach)
            }
            + configuration.placesWithWays.flatMap { place, ways in
                guard let done = probed.first(where: { $0.subject.place == place }) else {
                    return ways.prefix(1).map { UpstreamCheck.unprobed($0.upstream, $0.endpoint, port: place.port) }
                }
                let late = done.isCutShort ? [UpstreamCheck.late(done.subject)] : []
                return done.results.map { UpstreamCheck.finding(done.subject, serverName: $0.name, $0.result) } + late
            }
            + nameFindings(
                probed.filter { $0.subject.proto != .https }.flatMap { probed in
                    probed.results.map { (probed.subject.upstream, $0.result) }
                })
    }

    /// - Parameter results: of the mail ports.
    private func nameFindings(_ results: [(upstream: Upstream, result: ProbeResult)]) -> [Finding] {
        let check = NameCheck(configuration)
        return check.greetings(results)
            + check.findings(
                results.compactMap { upstream, result in result.certificate.map { (upstream, $0) } })
    }

    private static func probe(
        _ subject: ProbeSubject, _ prober: Prober, _ approach: Approach
    ) async -> Probed {
        let deadline = ContinuousClock.now + subject.health.timeout
        let addresses = max(1, approach.addresses.count)
        let ask: @Sendable (String?) async -> ProbeResult = { name in
            let left = max(.milliseconds(1), ContinuousClock.now.duration(to: deadline))
            return await subject.probe(
                with: prober, at: approach, serverName: name, timeout: left / addresses)
        }
        var first = await ask(subject.serverNames[0])
        if first.verdict == .banned || first.verdict == .busy {
            // Several ports are asked at once, perhaps beside the edge that runs: too often for a server that counts connections in a second.
            try? await Task.sleep(for: .seconds(1.2))
            first = await ask(subject.serverNames[0])
        }
        var probed = Probed(subject: subject, results: [(subject.serverNames[0], first)])
        var rest = subject.serverNames.dropFirst()
        guard !first.verdict.isBeforeTheServer else {
            probed.results[0].name = nil
            return probed
        }
        while !rest.isEmpty, ContinuousClock.now < deadline {
            let some = Array(rest.prefix(namesAtOnce))
            rest = rest.dropFirst(namesAtOnce)
            let results = await withTaskGroup { group in
                for (index, name) in some.enumerated() { group.addTask { (index, await ask(name)) } }
                var all: [Int: ProbeResult] = [:]
                for await (index, result) in group { all[index] = result }
                return all
            }
            probed.results += some.enumerated().compactMap { index, name in results[index].map { (name, $0) } }
        }
        probed.isCutShort = !rest.isEmpty
        return probed
    }

    /// Ports that say nothing belong to the server that answers on the others.
    private func name(_ probed: inout [Probed], _ indexes: [Int]) {
        let servers = indexes.flatMap { probed[$0].results.map(\.result.server) }
        for index in indexes {
            for number in probed[index].results.indices {
                probed[index].results[number].result.server = EndpointDiagnosis.server(
                    of: probed[index].results[number].result, probed[index].subject.proto, beside: servers)
            }
        }
    }

    /// All ports of an endpoint refused: is the server there at all?
    private func diagnose(_ probed: inout [Probed], _ prober: Prober, _ topology: Topology) async {
        let groups = Dictionary(grouping: probed.indices) { index in
            "\(probed[index].subject.upstream.name) \(probed[index].subject.endpoint.text)"
        }
        for indexes in groups.values {
            let results = indexes.reduce(into: [UInt16: ProbeResult]()) { results, index in
                results[probed[index].subject.port] = probed[index].results.first?.result
            }
            let subject = probed[indexes[0]].subject
            name(&probed, indexes)
            guard EndpointDiagnosis.mayBeBooting(results), let address = topology.addresses(of: subject.place).first
            else { continue }
            let isOpen = await prober.isSetupPortOpen(subject.way(to: address), timeout: Self.setupTimeout)
            let joined = EndpointDiagnosis.joined(results, isSetupPortOpen: isOpen)
            for index in indexes {
                guard let result = joined[probed[index].subject.port], result.verdict == .booting else { continue }
                for number in probed[index].results.indices { probed[index].results[number].result = result }
            }
        }
    }
}

extension Verdict {
    /// Whether no server was met, so that it would say the same to any name.
    fileprivate var isBeforeTheServer: Bool {
        switch self {
        case .nameUnknown, .ownAddress, .refused, .timeout, .unreachable, .proxyFailed, .banned: true
        default: false
        }
    }
}
