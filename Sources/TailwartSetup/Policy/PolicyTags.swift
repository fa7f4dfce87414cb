package import TailwartCore
import TailwartWire

/// The tags by which a policy knows this edge and what it dials.
package struct PolicyTags: Sendable {
    package let edge: String
    /// Of every upstream that is not in ``others``.
    package let mailbox: String
    /// By name of the upstream.
    package let others: [String: String]

    package static let usualEdge = "tag:reverse-proxy"
    package static let usualMailbox = "tag:stalwart"

    package struct Problem: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    package init(edge: String = usualEdge, mailbox: String = usualMailbox, others: [String: String] = [:]) {
        self.edge = edge
        self.mailbox = mailbox
        self.others = others
    }

    /// - Parameter mailboxes: as options name them: `tag:x`, or `UPSTREAM=tag:x`.
    package init(edge: String, mailboxes: [String]) throws(Problem) {
        var named: String?
        var others: [String: String] = [:]
        for text in mailboxes {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            if parts.count == 2 {
                if let other = others.updateValue(parts[1], forKey: parts[0]) {
                    throw Problem(
                        description: "--mailbox-tag gives the upstream '\(parts[0])' two tags, '\(other)' and "
                            + "'\(parts[1])'; keep one.")
                }
            } else if let named {
                throw Problem(
                    description:
                        "--mailbox-tag gives the mailbox two tags, '\(named)' and '\(text)'; keep one, or write "
                        + "UPSTREAM=TAG for an upstream on another device.")
            } else {
                named = text
            }
        }
        self.init(edge: edge, mailbox: named ?? Self.usualMailbox, others: others)
        for tag in [edge, mailbox] + others.values.sorted() where !Self.isTag(tag) {
            throw Problem(
                description: "'\(tag)' is not a tag; a tag is 'tag:' and a name of letters, digits and hyphens.")
        }
    }

    /// Whether all upstreams that are named are there.
    package func check(_ configuration: Configuration) throws(Problem) {
        let names = configuration.upstreams.map(\.name)
        guard let unknown = others.keys.sorted().first(where: { !names.contains($0) }) else { return }
        throw Problem(
            description:
                "--mailbox-tag: there is no upstream '\(unknown)'; there are: \(names.joined(separator: ", ")).")
    }

    func tag(of upstream: String) -> String { others[upstream] ?? mailbox }

    /// Whether it is a tag that a control server takes: a letter, then letters, digits and hyphens.
    package static func isTag(_ text: String) -> Bool {
        let name = text.dropFirst(4).utf8
        return text.hasPrefix("tag:") && name.first.map(\.isASCIILetter) == true
            && name.allSatisfy { $0.isASCIILetter || $0 == UInt8(ascii: "-") || (0x30...0x39).contains($0) }
    }
}
