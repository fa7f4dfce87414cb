import TailwartWire

/// `acls`, `grants` and `tests`.
extension PolicyReader {
    mutating func readACLs(_ section: JSON) {
        for (name, entry, fields) in entries(of: section, "acls") {
            // `users` and `ports` are older names of `src` and `dst`.
            let known = ["action", "src", "users", "proto", "dst", "ports", "srcPosture"]
            var rule = rule(name, entry, fields, known: known)
            if fields["action"]?.text?.lowercased() != "accept" {
                let position = fields["action"]?.position ?? entry.position
                note(.error, at: position, "'action' must be \"accept\"; rules can only allow")
                rule.doubts.append("\(name) has no action \"accept\"")
            }
            rule.sources = selectors(fields["src"] ?? fields["users"])
            switch transport(fields["proto"]) {
            case .tcp: rule.allowsOtherProtocols = false
            case .anyOfThem: rule.allowsOtherProtocols = true
            case .notTCP: continue
            case .unknown(let text): rule.doubts.append("the protocol \(text) is not known here")
            }
            for destination in (fields["dst"] ?? fields["ports"])?.list ?? [] {
                rule.destinations += destinations(destination).map {
                    PolicyRule.Destination(selector: $0.selector, ports: $0.ports)
                }
            }
            policy.rules.append(rule)
        }
    }

    mutating func readGrants(_ section: JSON) {
        for (name, entry, fields) in entries(of: section, "grants") {
            var rule = rule(name, entry, fields, known: ["src", "dst", "ip", "app", "via", "srcPosture"])
            if fields["via"]?.isFilled == true { rule.doubts.append("\(name) holds only by way of its 'via'") }
            rule.sources = selectors(fields["src"])
            var ports = PortSet.none
            for capability in fields["ip"]?.list ?? [] {
                guard let (tcp, others) = capability.text.flatMap(Self.capability) else {
                    note(
                        .unknown, at: capability.position,
                        "\(capability.found) is not a port here; write \"tcp:25\", \"tcp:80-443\" or \"*\"")
                    continue
                }
                ports = ports.union(tcp)
                rule.allowsOtherProtocols = rule.allowsOtherProtocols || others
            }
            if !ports.isEmpty {
                rule.destinations = selectors(fields["dst"]).map { .init(selector: $0, ports: ports) }
            }
            policy.rules.append(rule)
        }
    }

    mutating func readTests(_ section: JSON) {
        for (name, entry, fields) in entries(of: section, "tests") {
            report(
                fields, known: ["src", "user", "proto", "accept", "allow", "deny", "srcPostureAttrs"], of: name)
            let isTCP =
                switch transport(fields["proto"]) {
                case .tcp, .anyOfThem: true
                case .notTCP, .unknown: false
                }
            guard let source = fields["src"] ?? fields["user"] else { continue }
            policy.tests.append(
                PolicyTest(
                    position: entry.position, sources: selectors(source), isTCP: isTCP,
                    accept: destinations(ofTest: fields["accept"] ?? fields["allow"]),
                    deny: destinations(ofTest: fields["deny"])))
        }
    }

    private mutating func destinations(ofTest list: JSON?) -> [PolicyTest.Destination] {
        var all: [PolicyTest.Destination] = []
        for entry in list?.list ?? [] {
            all += destinations(entry).map { .init(position: entry.position, selector: $0.selector, ports: $0.ports) }
        }
        return all
    }

    /// The objects of a list, each with what to call it.
    private mutating func entries(of section: JSON, _ name: String) -> [(String, JSON, PolicyFields)] {
        guard let elements = section.list else {
            if section.isFilled {
                noteMalformed(at: section.position, "'\(name)' is a list, [ … ], not \(section.found)")
            }
            return []
        }
        var entries: [(String, JSON, PolicyFields)] = []
        for (index, entry) in elements.enumerated() {
            if let fields = PolicyFields(entry) {
                entries.append(("\(name)[\(index)]", entry, fields))
            } else {
                noteMalformed(at: entry.position, "an entry of '\(name)' is an object, { … }, not \(entry.found)")
            }
        }
        return entries
    }

    /// A rule with what makes it doubtful as a whole.
    private mutating func rule(
        _ name: String, _ entry: JSON, _ fields: PolicyFields, known: [String]
    ) -> PolicyRule {
        var rule = PolicyRule(position: entry.position, name: name)
        report(fields, known: known, of: name)
        for member in fields.unknown(besides: known) {
            rule.doubts.append("\(name) has the unknown key \(member.key.quoted)")
        }
        if fields["srcPosture"].map(\.isFilled) ?? hasDefaultPosture {
            rule.doubts.append("\(name) holds only for devices of a certain posture")
        }
        return rule
    }

    // MARK: Protocols

    private enum Transport {
        case tcp
        /// No protocol is named: TCP, UDP and ICMP.
        case anyOfThem
        case notTCP
        case unknown(String)
    }

    /// Names of protocols besides `tcp`; numbers of IANA's list are taken as well.
    private static let otherProtocols: Set<String> = [
        "udp", "icmp", "ipv6-icmp", "igmp", "ipv4", "ip-in-ip", "egp", "igp", "gre", "esp", "ah", "sctp", "dccp",
        "tsmp",
        "fragment",
    ]

    private mutating func transport(_ value: JSON?) -> Transport {
        guard let value, value.isFilled else { return .anyOfThem }
        guard let text = value.text.map({ $0.lowercased() }), let transport = Self.transport(text) else {
            note(.unknown, at: value.position, "the protocol \(value.found) is not known here; write \"tcp\"")
            return .unknown(value.found)
        }
        return transport
    }

    private static func transport(_ name: String) -> Transport? {
        if name == "tcp" { return .tcp }
        if otherProtocols.contains(name) { return .notTCP }
        return UInt8(name).map { $0 == 6 ? .tcp : .notTCP }
    }

    /// What an entry of a grant's `ip` allows: TCP ports, and whether other protocols too. Nil if it is not understood.
    ///
    /// The forms are those of Tailscale's `ProtoPortRange`: `*`, `25`, `80-443`, `tcp:443`, `tcp:*`. No lists.
    private static func capability(_ text: String) -> (tcp: PortSet, others: Bool)? {
        guard let colon = text.lastIndex(of: ":") else {
            return PortSet(text, allowsList: false).map { ($0, true) }
        }
        guard let ports = PortSet(text[text.index(after: colon)...], allowsList: false) else { return nil }
        let name = text[..<colon].lowercased()
        if name == "*" { return (ports, true) }
        switch transport(name) {
        case .tcp: return (ports, false)
        case .notTCP: return (.none, true)
        default: return nil
        }
    }
}
