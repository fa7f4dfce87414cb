package import TailwartCore

/// Writes the part of a policy that a configuration needs, to paste into the whole.
package struct PolicyText: Sendable {
    /// In which of the two sections the rules stand. Both mean the same; Tailscale advises grants.
    package enum Format: String, CaseIterable, Sendable {
        case grants
        case acls
    }

    package let needs: TailnetNeeds
    let tags: PolicyTags
    let format: Format
    /// Who may give devices the tags, as `tagOwners` names it.
    private let owner: String
    private let hasTests: Bool

    /// - Parameters:
    ///   - network: of Headscale: it knows no `autogroup:admin`, and owners are users.
    ///   - hasTests: false for a policy that comes before the devices. Headscale refuses one whose tests name a tag that no device has yet
    ///     (`source "tag:…" resolved to no IP addresses`).
    package init(
        _ configuration: Configuration, tags: PolicyTags, format: Format, network: SetupNetwork = .tailscale,
        hasTests: Bool = true
    ) {
        if case .headscale(let user) = network { owner = user } else { owner = "autogroup:admin" }
        self.hasTests = hasTests
        needs = TailnetNeeds(configuration, tags: tags)
        self.tags = tags
        self.format = format
    }

    /// HuJSON, ending with a newline. Without anything that is dialled over the tailnet it has no rules, only comments.
    package var text: String {
        var lines = [
            "// What the edge needs of the tailnet's policy. Paste the entries into the sections of the same name."
        ]
        lines += elsewhere.map { "// Not over the tailnet, so not in here: \($0)." }
        guard !needs.needs.isEmpty else { return lines.joined(separator: "\n") + "\n" }
        lines += ["{"] + tagOwners + rules + (hasTests ? tests : []) + ["}"]
        return lines.joined(separator: "\n") + "\n"
    }

    /// Why there is nothing to paste; nil if there is something.
    package var emptiness: String? {
        guard needs.needs.isEmpty else { return nil }
        let reason = "Nothing is dialled over the tailnet, so its policy needs no grant for this edge"
        return elsewhere.isEmpty ? "\(reason)." : "\(reason): \(elsewhere.joined(separator: "; "))."
    }

    /// What is not dialled over the tailnet, and why.
    private var elsewhere: [String] {
        needs.elsewhere.map { other in
            let ports = other.ports.isEmpty ? "" : " on \(PortSet(other.ports))"
            return "\(other.upstream) at \(other.endpoint)\(ports) (\(other.reason))"
        }
    }

    private var destinations: [String] {
        var tags: [String] = []
        for need in needs.needs where !tags.contains(need.tag) { tags.append(need.tag) }
        return tags
    }

    /// Each port of a tag once, with what it is for.
    private func ports(of tag: String) -> [(port: UInt16, use: String)] {
        var order: [UInt16] = []
        var listeners: [UInt16: [String]] = [:]
        for need in needs.needs where need.tag == tag {
            if listeners[need.port] == nil { order.append(need.port) }
            for listener in need.listeners where listeners[need.port]?.contains(listener) != true {
                listeners[need.port, default: []].append(listener)
            }
        }
        return order.map { port in
            let names = listeners[port] ?? []
            // A listener's name is the operator's own; it has no line end in it.
            return (port, names.prefix(3).joined(separator: ", ") + (names.count > 3 ? ", …" : ""))
        }
    }

    private var tagOwners: [String] {
        var lines = [
            "    // Who may give a device these tags. With Headscale, users: \"alice@\".", "    \"tagOwners\": {",
        ]
        for tag in [tags.edge] + destinations.filter({ $0 != tags.edge }) {
            lines.append("        \"\(tag)\": [\"\(owner)\"],")
        }
        return lines + ["    },", ""]
    }

    private var rules: [String] {
        var lines = ["    // The ports that the edge dials, and nothing else.", "    \"\(format.rawValue)\": ["]
        for tag in destinations {
            lines.append("        {")
            switch format {
            case .grants:
                lines += [
                    "            \"src\": [\"\(tags.edge)\"],", "            \"dst\": [\"\(tag)\"],",
                    "            \"ip\": [",
                ]
                lines += ports(of: tag).map { "                \"tcp:\($0.port)\", // \($0.use)" }
            case .acls:
                lines += [
                    "            \"action\": \"accept\",", "            \"src\": [\"\(tags.edge)\"],",
                    "            \"proto\": \"tcp\",", "            \"dst\": [",
                ]
                lines += ports(of: tag).map { "                \"\(tag):\($0.port)\", // \($0.use)" }
            }
            lines += ["            ],", "        },"]
        }
        return lines + ["    ],"] + (hasTests ? [""] : [])
    }

    private var tests: [String] {
        var lines = [
            "    // Saving the policy fails when one of these does not hold: a later change cannot cut the mail off, or",
            "    // open the mailbox's SSH, database or administration to the edge.", "    \"tests\": [",
        ]
        for tag in destinations {
            let ports = ports(of: tag).map(\.port)
            let guarded = PolicyCheck.guardedPorts.filter { !ports.contains($0) }
            lines += [
                "        {", "            \"src\": \"\(tags.edge)\",", "            \"proto\": \"tcp\",",
                "            \"accept\": [\(Self.list(tag, ports))],",
            ]
            if !guarded.isEmpty { lines.append("            \"deny\": [\(Self.list(tag, guarded))],") }
            lines.append("        },")
        }
        return lines + ["    ],"]
    }

    private static func list(_ tag: String, _ ports: [UInt16]) -> String {
        ports.map { "\"\(tag):\($0)\"" }.joined(separator: ", ")
    }
}
