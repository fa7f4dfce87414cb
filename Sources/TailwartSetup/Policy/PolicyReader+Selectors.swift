import TailwartCore
import TailwartWire

/// The entries of `src` and `dst`.
extension PolicyReader {
    /// What a list of sources, or of a grant's destinations, means.
    mutating func selectors(_ list: JSON?) -> [PolicySelector] {
        guard let list else { return [] }
        // A single text in place of a list is what a test has.
        var all: [PolicySelector] = []
        for entry in list.list ?? [list] {
            guard let text = entry.text else {
                note(.unknown, at: entry.position, "\(entry.found) names nobody; write a text such as \"tag:stalwart\"")
                all.append(.unknown("\(entry.found) names nobody"))
                continue
            }
            all += selectors(text, at: entry.position)
        }
        return all
    }

    /// `host:ports` of an ACL's destinations and of tests.
    mutating func destinations(_ entry: JSON) -> [(selector: PolicySelector, ports: PortSet)] {
        guard let text = entry.text, let (host, portText) = Self.split(text),
            let ports = PortSet(portText, allowsList: true)
        else {
            note(
                .unknown, at: entry.position,
                "\(entry.found) is not a destination here; write \"tag:stalwart:25,465\" or \"tag:stalwart:*\"")
            return []
        }
        return selectors(host, at: entry.position).map { ($0, ports) }
    }

    /// `tag:x:25`, `192.0.2.1:25`, `[2001:db8::1]:25`, `2001:db8::1:25`: the last colon divides, brackets may help.
    private static func split(_ text: String) -> (host: String, ports: Substring)? {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        var host = String(text[..<colon])
        if host.hasPrefix("["), let end = host.firstIndex(of: "]") {
            // `[2001:db8::]/32:25` has the prefix behind the brackets.
            host = String(host[..<end].dropFirst() + host[host.index(after: end)...])
        }
        return host.isEmpty ? nil : (host, text[text.index(after: colon)...])
    }

    private mutating func selectors(_ text: String, at position: TextPosition) -> [PolicySelector] {
        if text.hasPrefix("group:") {
            // A group that is not in the file comes from an identity provider, and holds people.
            guard let members = groups[text] else { return [.people] }
            return members.map { member in
                guard let name = member.text else { return .unknown("\(text) is unreadable") }
                // A group in a group comes from an identity provider too.
                return name.hasPrefix("group:") ? .people : selector(of: name)
            }
        }
        let meant = selector(of: text)
        if case .unknown(let why) = meant { note(.unknown, at: position, why) }
        return [meant]
    }

    /// Autogroups of people: members, and those with a role.
    private static let autogroupsOfPeople: Set<String> = [
        "member", "members", "owner", "admin", "network-admin", "it-admin", "billing-admin", "auditor", "shared",
    ]

    private func selector(of text: String) -> PolicySelector {
        if text == "*" { return .any }
        if text.hasPrefix("tag:") { return .tag(text) }
        if text.hasPrefix("autogroup:") {
            switch text.dropFirst("autogroup:".count) {
            case "tagged": return .tagged
            case "danger-all": return .any
            case "self", "internet": return .none
            case let name where Self.autogroupsOfPeople.contains(String(name)): return .people
            default: return .unknown("\(text.quoted) is not an autogroup that is known here")
            }
        }
        if text.hasPrefix("ipset:") {
            return .unknown("\(text.quoted) is an IP set, which is not evaluated here; name the tag instead")
        }
        if text.hasPrefix("svc:") {
            return .unknown("\(text.quoted) is a service; whether the mailbox is behind it is not in the file")
        }
        // `alice@example.org`, Headscale's `alice@`, `*@example.org`, `user:*@passkey`.
        if text.contains("@") { return .people }
        if let network = Network(text) ?? hosts[text] { return .network(network, name: text) }
        return .unknown("\(text.quoted) is neither an address nor a name from 'hosts'")
    }
}
