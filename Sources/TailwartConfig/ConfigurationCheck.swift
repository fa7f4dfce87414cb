import TailwartCore
import TailwartWire

/// Finds combinations that cannot work, or not as they look, in a configuration whose single values are good.
struct ConfigurationCheck {
    let configuration: Configuration
    let positions: FilePositions
    let problems: Problems
    let upstreams: [String: Upstream]
    /// Of upstreams that ask for it: where sockets can be kept ready, since a header is sent there.
    let warmPlaces: [String: Set<Place.Key>]

    init(configuration: Configuration, positions: FilePositions, problems: Problems) {
        self.configuration = configuration
        self.positions = positions
        self.problems = problems
        upstreams = configuration.upstreamsByName
        warmPlaces =
            configuration.upstreams.contains { $0.warm > 0 }
            ? configuration.ways.filter { $0.upstream.warm > 0 && $0.proxyProtocol.version != .none }.reduce(into: [:])
            {
                $0[$1.upstream.name, default: []].insert($1.place)
            } : [:]
    }

    func run() {
        checkListenerNames()
        checkBindAddresses()
        checkTargets()
        for (number, listener) in configuration.listeners.enumerated() {
            checkOrder(of: listener, number)
            checkMatches(of: listener, number)
            checkPorts(of: listener, number)
        }
        for upstream in configuration.upstreams { check(upstream) }
        checkTLVs()
        // What is wrong comes first; and with a listener left out, an upstream may only seem unused.
        guard !problems.hasErrors else { return }
        checkHeadersForMail()
        checkOwnNames()
        checkUse()
    }

    private func checkListenerNames() {
        var first: [String: TextPosition] = [:]
        for (number, listener) in configuration.listeners.enumerated() {
            let position = positions[.listener(number)] ?? .start
            if let taken = first[listener.name] {
                let message = "the name \(listener.name.quoted) belongs to the listener on line \(taken.line)"
                problems.error("\(message); choose another name", at: position)
            } else {
                first[listener.name] = position
            }
        }
    }

    private func checkBindAddresses() {
        var taken: [(address: BindAddress, listener: String)] = []
        for (number, listener) in configuration.listeners.enumerated() {
            for (index, address) in listener.bind.enumerated() {
                if let other = taken.first(where: { $0.address.conflicts(with: address) }) {
                    let owner = "'\(other.address)' of the listener \(other.listener.quoted)"
                    problems.error(
                        "'\(address)' overlaps \(owner); keep one of them",
                        at: positions[.bind(listener: number, index)] ?? .start)
                }
                taken.append((address, listener.name))
            }
        }
    }

    private func checkTargets() {
        let known = positions.upstreamNames
        for (name, position) in positions.targets where positions[.upstream(name)] == nil && !problems.isFull {
            let fix =
                if let near = NearestWord.find(name, among: known) {
                    "did you mean \(near.quoted)?"
                } else if known.isEmpty {
                    "describe it under 'upstreams'"
                } else {
                    "there are \(known.listed)"
                }
            problems.error("there is no upstream \(name.quoted); \(fix)", at: position)
        }
    }

    private func checkOrder(of listener: Listener, _ number: Int) {
        guard let last = listener.routes.firstIndex(where: { $0.match == nil }) else { return }
        let line = positions[.route(listener: number, last)]?.line ?? 1
        for index in listener.routes.indices.dropFirst(last + 1) {
            let message = "this route is never reached: the one on line \(line) matches everything"
            problems.error(
                "\(message); move it up, or give the other a 'match'",
                at: positions[.route(listener: number, index)] ?? .start)
        }
    }

    private func checkMatches(of listener: Listener, _ number: Int) {
        let reason: String
        switch listener.proto.firstSpeaker {
        case .client: return
        case .server: reason = "the server speaks first, so there is no TLS hello yet; match 'client' only"
        case .unknown: reason = "the client's bytes are never looked at; match 'client' only, or name another protocol"
        }
        for index in listener.routes.indices {
            guard let position = positions[.helloMatch(listener: number, route: index)] else { continue }
            problems.error(
                "'sni' and 'alpn' cannot be matched with protocol \(listener.proto.rawValue): \(reason)", at: position)
        }
    }

    private func checkUse() {
        let used = Set(configuration.listeners.flatMap(\.routes).compactMap(\.target.upstreamName))
        for upstream in configuration.upstreams where !used.contains(upstream.name) {
            problems.warning(
                "no route uses the upstream \(upstream.name.quoted)",
                at: positions[.upstream(upstream.name)] ?? .start
            )
        }
    }
}
