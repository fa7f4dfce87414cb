package import TailwartCore
package import TailwartWire

/// Whether a policy grants what a configuration dials, and what it grants beyond that.
package struct PolicyCheck: Sendable {
    /// One port that is dialled, and what the policy says about it.
    package struct Port: Sendable {
        package let need: TailnetNeed
        package let match: PolicyMatch
        /// Of the first rule that grants it.
        package let grantedAt: TextPosition?
    }

    package let tags: PolicyTags
    package let needs: TailnetNeeds
    package private(set) var ports: [Port] = []
    /// Sorted by position, then the worst first.
    package private(set) var findings: [PolicyFinding] = []

    /// Ports of a mail host that the edge has no business with: SSH, PostgreSQL, Stalwart's administration without TLS.
    package static let guardedPorts: [UInt16] = [22, 5432, 8080]

    /// Tags of the configuration that no device can carry.
    package private(set) var unownedTags: [String] = []

    private let policy: Policy

    var isMalformed: Bool { policy.isMalformed }

    package init(_ policy: Policy, against configuration: Configuration, tags: PolicyTags) {
        self.policy = policy
        self.tags = tags
        needs = TailnetNeeds(configuration, tags: tags)
        findings = policy.findings
        ports = needs.needs.map(port)
        if !policy.isMalformed {
            checkOwners()
            checkPorts()
            checkWidth()
            checkTests()
        }
        findings.sort {
            ($0.position, $0.severity.rank, $0.message) < ($1.position, $1.severity.rank, $1.message)
        }
    }

    /// Whether everything that is dialled is granted for certain, and the file is one that a control server takes.
    package var isGood: Bool {
        ports.allSatisfy { $0.match == .yes } && !findings.contains { $0.severity == .error }
    }

    package var tagsInUse: [String] {
        var tags: [String] = []
        for need in needs.needs where !tags.contains(need.tag) { tags.append(need.tag) }
        return tags
    }

    // MARK: Each port

    private func port(_ need: TailnetNeed) -> Port {
        if policy.isMalformed { return Port(need: need, match: .unknown("the file is malformed"), grantedAt: nil) }
        if policy.allowsEverything { return Port(need: need, match: .yes, grantedAt: .start) }
        var best = PolicyMatch.no
        for rule in policy.rules {
            let match = rule.match(from: tags.edge, to: need)
            if match == .yes { return Port(need: need, match: .yes, grantedAt: rule.position) }
            best = best.or(match)
        }
        return Port(need: need, match: best, grantedAt: nil)
    }

    private mutating func checkOwners() {
        for tag in [tags.edge] + tagsInUse where !policy.ownedTags.contains(tag) {
            unownedTags.append(tag)
            let fix = "\"\(tag)\": [\"autogroup:admin\"]"
            findings.append(
                PolicyFinding(
                    .error, at: policy.tagOwnersPosition ?? .start,
                    "nobody owns \(tag), so no device can carry it; add \(fix) to 'tagOwners', or name the right tag"))
        }
    }

    private mutating func checkPorts() {
        var said: Set<String> = []
        for port in ports where port.match != .yes {
            let need = port.need
            // Endpoints of one upstream share tag and port; only addresses can make a difference between them.
            let differs = ports.contains {
                $0.need.tag == need.tag && $0.need.port == need.port && $0.match != port.match
            }
            let listeners = need.listeners.prefix(3).joined(separator: ", ")
            let what = "port \(need.port) (\(listeners)) of \(need.tag)\(differs ? " at \(need.host)" : "")"
            let (severity, message): (PolicyFinding.Severity, String) =
                if case .unknown(let why) = port.match {
                    (.unknown, "it cannot be told whether \(what) is granted to \(tags.edge): \(why)")
                } else {
                    (
                        .error,
                        "\(what) is not granted to \(tags.edge), so connections to it time out; "
                            + "`tailwart acl` prints the grant"
                    )
                }
            if said.insert(message).inserted {
                findings.append(PolicyFinding(severity, at: policy.rulesPosition, message))
            }
        }
    }

    // MARK: More than needed

    private mutating func checkWidth() {
        if policy.allowsEverything, !needs.needs.isEmpty {
            findings.append(
                PolicyFinding(
                    .warning, at: .start,
                    "there are neither 'grants' nor 'acls', so everything may connect to everything; "
                        + "`tailwart acl` prints the grants that the edge needs"))
        }
        for rule in policy.rules where rule.doubts.isEmpty {
            for tag in tagsInUse { checkWidth(of: rule, to: tag) }
        }
    }

    private mutating func checkWidth(of rule: PolicyRule, to tag: String) {
        guard rule.sources.contains(where: { $0.matches(tag: tags.edge, address: nil) == .yes }) else { return }
        let reaching = rule.destinations.filter { $0.selector.matches(tag: tag, address: nil) == .yes }
        let granted = reaching.reduce(PortSet.none) { $0.union($1.ports) }
        guard !granted.isEmpty else { return }
        let needed = PortSet(needs.needs.filter { $0.tag == tag }.map(\.port))
        let beyond = granted.subtracting(needed)
        var excess: [String] = []
        if granted == .all {
            excess.append("every port of \(tag)")
        } else if !beyond.isEmpty {
            excess.append("\(beyond.count == 1 ? "port" : "ports") \(beyond) of \(tag)")
        }
        if reaching.contains(where: { $0.selector.isEverybody }) { excess.append("every device as the destination") }
        if rule.sources.contains(where: \.isEverybody) { excess.append("every device as the source") }
        if rule.allowsOtherProtocols { excess.append("UDP and ICMP besides TCP") }
        guard !excess.isEmpty else { return }
        findings.append(
            PolicyFinding(
                .warning, at: rule.position,
                "\(rule.name) is wider than the edge needs: it allows \(excess.joined(separator: ", ")); "
                    + "needed is \(tags.edge) to \(tag), tcp \(needed.isEmpty ? "nothing" : "\(needed)")"))
    }

    // MARK: Tests

    private mutating func checkTests() {
        guard !needs.needs.isEmpty else { return }
        let own = policy.tests.filter { $0.isTCP && $0.sources == [.tag(tags.edge)] }
        guard !own.isEmpty else {
            findings.append(
                PolicyFinding(
                    .warning, at: policy.tests.first?.position ?? policy.rulesPosition,
                    "no test says what \(tags.edge) may reach, so a later change can cut the mail off unnoticed; "
                        + "`tailwart acl` prints the tests"))
            return
        }
        let position = own[0].position
        for tag in tagsInUse {
            let needed = PortSet(needs.needs.filter { $0.tag == tag }.map(\.port))
            let accepted = own.flatMap(\.accept).ports(of: tag)
            let untested = needed.subtracting(accepted)
            if !untested.isEmpty {
                findings.append(
                    PolicyFinding(
                        .warning, at: position,
                        "no test holds that \(tags.edge) may reach \(tag) on \(untested); add it to 'accept'"))
            }
            let unguarded = PortSet(Self.guardedPorts).subtracting(needed)
                .subtracting(own.flatMap(\.deny).ports(of: tag))
            if !unguarded.isEmpty {
                findings.append(
                    PolicyFinding(
                        .warning, at: position,
                        "no test holds that \(tags.edge) may not reach \(tag) on \(unguarded); add it to 'deny'"))
            }
            for denial in own.flatMap(\.deny) where denial.selector.matches(tag: tag, address: nil) == .yes {
                let wrong = needed.subtracting(needed.subtracting(denial.ports))
                guard !wrong.isEmpty else { continue }
                findings.append(
                    PolicyFinding(
                        .error, at: denial.position,
                        "this test denies \(wrong) of \(tag), which the edge dials; take it out of 'deny'"))
            }
        }
    }
}

extension PolicyFinding.Severity {
    fileprivate var rank: Int {
        switch self {
        case .error: 0
        case .unknown: 1
        case .warning: 2
        }
    }
}

extension [PolicyTest.Destination] {
    /// The ports that these destinations name for a tag.
    fileprivate func ports(of tag: String) -> PortSet {
        filter { $0.selector.matches(tag: tag, address: nil) == .yes }.reduce(.none) { $0.union($1.ports) }
    }
}

extension PolicySelector {
    /// Whether all devices are meant, tagged ones at the least.
    fileprivate var isEverybody: Bool {
        switch self {
        case .any, .tagged: true
        case .network(let network, _): network.holdsEveryTailnetAddress
        default: false
        }
    }
}

extension PolicyRule {
    /// Whether the rule grants a need, and if that cannot be told, what would have to be known.
    func match(from edge: String, to need: TailnetNeed) -> PolicyMatch {
        var destination = PolicyMatch.no
        for candidate in destinations where candidate.ports.contains(need.port) {
            destination = destination.or(candidate.selector.matches(tag: need.tag, address: need.address))
        }
        guard destination != .no else { return .no }
        var source = PolicyMatch.no
        for candidate in sources { source = source.or(candidate.matches(tag: edge, address: nil)) }
        return doubts.reduce(source.and(destination)) { $0.and(.unknown($1)) }
    }
}
