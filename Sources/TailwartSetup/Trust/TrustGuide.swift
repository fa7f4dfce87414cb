package import TailwartCore
package import TailwartWire

/// What to set on one mail server so that it takes an edge's PROXY headers, and only that edge's.
package struct TrustGuide: Sendable, Equatable {
    /// One thing to do.
    package struct Step: Sendable, Equatable {
        /// Sentences.
        package let what: String
        /// Lines to copy; empty where there is nothing to copy.
        package let text: String

        init(_ what: String, _ text: String = "") {
            self.what = what
            self.text = text
        }
    }

    package let server: MailServer
    package let steps: [Step]
    /// What of the edge's own configuration does not fit this server.
    package let warnings: [String]

    /// - Parameter edges: the addresses from which the edges dial; never empty.
    package init(_ server: MailServer, _ configuration: Configuration, edges: [IPAddress]) {
        self.server = server
        let ports = DialledPort.all(in: configuration)
        let guide =
            switch server {
            case .stalwart: StalwartTrust.guide(ports, edges)
            case .postfix: PostfixTrust.guide(ports, edges)
            case .dovecot: DovecotTrust.guide(ports, edges)
            case .exim: EximTrust.guide(ports, edges)
            case .opensmtpd: OpenSMTPDTrust.guide(ports, edges)
            case .chasquid: ChasquidTrust.guide(ports, edges)
            case .nginx: NginxTrust.guide(ports + DialledPort.all(in: configuration, ofMailbox: false), edges)
            }
        let naming = ports.isEmpty ? nil : configuration.mailHostnames.first.flatMap(server.naming)
        steps = (naming.map { [$0] } ?? []) + guide.steps
        warnings = guide.warnings
    }

    package struct NoEdge: Error, Equatable, CustomStringConvertible {
        /// Of mailboxes, which nobody knows here.
        let unknown: [String]

        package var description: String {
            let cause =
                unknown.isEmpty
                ? "this host has no route to the mailbox, and no tailnet address"
                : "\(unknown.joined(separator: ", ")) cannot be resolved on this host, and it has no tailnet address"
            return "The edge's address is not known: \(cause). Run this on the edge, with the tailnet up"
                + (unknown.isEmpty ? "" : " or the name in /etc/hosts or the DNS")
                + ". Or name the address with --edge-address."
        }
    }

    /// From where edges dial: those that are named, else what this host's routing table says, else this host's in the tailnet. From one of these
    /// the other family's is dialled too, when the mailbox gets one.
    ///
    /// - Parameters:
    ///   - routed: from where this host reaches the mailbox's addresses.
    ///   - tailnet: what tailscaled says that they are; in user space no interface has them. Empty: it says nothing.
    ///   - own: of this host's interfaces.
    ///   - unknown: names of mailboxes that have no address here.
    package static func edges(
        named: [IPAddress], routed: [IPAddress] = [], unknown: [String] = [], tailnet: [IPAddress] = [],
        ofHost own: [IPAddress]
    ) throws(NoEdge) -> [IPAddress] {
        let inTailnet = tailnet.isEmpty ? own.filter(\.isOfTailnet) : tailnet
        let needsTailnet = routed.isEmpty || routed.contains(where: \.isOfTailnet)
        let edges = named.isEmpty ? (routed + (needsTailnet ? inTailnet : [])).withoutRepeats : named
        guard !edges.isEmpty else { throw NoEdge(unknown: unknown) }
        return edges
    }

    /// Comments and lines to copy, numbered.
    package var text: String {
        var lines = ["# \(server.title)"]
        // First, as some of them change what is to be set.
        for warning in warnings {
            lines.append("#")
            lines += Prose.wrap("Note: \(warning)", width: 110).map { "# \($0)" }
        }
        for (number, step) in steps.enumerated() {
            if lines.last?.isEmpty == false { lines.append("#") }
            lines += Prose.wrap("\(number + 1). \(step.what)", width: 110).map { "# \($0)" }
            if !step.text.isEmpty { lines += ["", step.text, ""] }
        }
        while lines.last?.isEmpty == true { lines.removeLast() }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension TrustGuide {
    /// The guides as a script gets them.
    package static func answer(
        _ guides: [TrustGuide], edges: [IPAddress], problems: [CommandAnswer.Problem]
    ) -> CommandAnswer {
        CommandAnswer(
            isGood: !guides.isEmpty, problems: problems,
            ["edge_addresses": .texts(edges.map { "\($0)" }), "servers": .list(guides.map(\.json))])
    }

    private var json: JSON {
        let steps = steps.map { step -> JSON in ["what": .text(step.what), "text": .text(step.text)] }
        return [
            "server": .text(server.rawValue), "title": .text(server.title), "steps": .list(steps),
            "warnings": .texts(warnings),
        ]
    }
}

/// What several of them say.
enum TrustText {
    /// The ports of these protocols to which the edge sends a header.
    static func headed(_ ports: [DialledPort], _ protocols: Set<ListenerProtocol>) -> [DialledPort] {
        ports.filter { protocols.contains($0.proto) && $0.header != .none }
    }

    /// For servers that keep no list of whom to believe.
    static func firewall(_ ports: [UInt16], _ edges: [IPAddress]) -> TrustGuide.Step {
        let set = "{ " + ports.map(String.init).joined(separator: ", ") + " }"
        let rules = edges.map { edge in
            "    tcp dport \(set) \(edge.isV4 ? "ip" : "ip6") saddr \(edge) accept"
        }
        return TrustGuide.Step(
            "The firewall: let only the edge reach these ports. This server has no list of trusted addresses, so whoever reaches them can "
                + "claim to be any client. With nftables, put this table at the end of /etc/nftables.conf, which is loaded at boot "
                + "(`systemctl enable nftables`). To use it at once, put it into a file of its own and run `nft --file FILE`:",
            (["table inet tailwart_mailbox {", "  chain input {", "    type filter hook input priority filter;"]
                + rules + ["    tcp dport \(set) drop", "  }", "}"]).joined(separator: "\n"))
    }

    /// Ports without a header, where this server will want one.
    static func headless(_ ports: [DialledPort], _ protocols: Set<ListenerProtocol>) -> [String] {
        let bare = ports.filter { protocols.contains($0.proto) && $0.header == .none }.map { String($0.port) }
        guard !bare.isEmpty else { return [] }
        return [
            "the edge sends no header to \(bare.count == 1 ? "port" : "ports") "
                + "\(bare.joined(separator: ", ")), so nothing below is about \(bare.count == 1 ? "it" : "them"). To send one, set "
                + "`proxy_protocol: v2` in tailwart.yaml, and change both sides at the same time."
        ]
    }

    /// Ports on which a server listens for everybody already.
    static func usual(_ server: MailServer, _ ports: [DialledPort], of all: [DialledPort], else change: String)
        -> [String]
    {
        func isUsual(_ port: DialledPort) -> Bool { ListenerProtocol(wellKnownPort: port.port) == port.proto }
        let taken = ports.filter(isUsual).map { String($0.port) }
        guard !taken.isEmpty else { return [] }
        let own = all.filter { isUsual($0) && $0.proto != .https }.map { "\($0.port): \(10_000 + Int($0.port))" }
        return [
            "\(server.title) listens on \(taken.joined(separator: ", ")) already. Give the edge ports of its own: write "
                + "`ports: {\(own.joined(separator: ", "))}` in tailwart.yaml, and run this command again. \(change)"
        ]
    }

    /// What to say where the edge dials none of the ports that this server has.
    static func nothing(_ server: MailServer, _ ports: String) -> (steps: [TrustGuide.Step], warnings: [String]) {
        (
            [
                TrustGuide.Step(
                    "Nothing to set: this configuration sends no PROXY header to a port that \(server.title) serves (\(ports))."
                )
            ], []
        )
    }
}

extension MailServer {
    /// With the version that the guide is for, where another one needs another.
    var title: String { self == .stalwart ? "Stalwart 0.16" : name }
}

/// A port of the mailbox as the edge dials it.
package struct DialledPort: Sendable, Hashable {
    package let proto: ListenerProtocol
    package let port: UInt16
    package let header: ProxyProtocolOut.Version

    package init(_ proto: ListenerProtocol, port: UInt16, header: ProxyProtocolOut.Version = .v2) {
        self.proto = proto
        self.port = port
        self.header = header
    }

    /// Every port that a configuration dials, by number.
    ///
    /// - Parameter isMailbox: of web servers on 443 if false.
    package static func all(in configuration: Configuration, ofMailbox isMailbox: Bool = true) -> [DialledPort] {
        let facade = EdgeFacade(configuration)
        let all = configuration.ways.filter { facade.isMailbox($0.upstream.name) == isMailbox }.compactMap { way in
            way.port.map { DialledPort(way.proto, port: $0, header: way.proxyProtocol.version) }
        }.withoutRepeats
        // Where one endpoint gets a header and another none, the guide is for the one that does.
        let headed = Set(all.filter { $0.header != .none }.map(\.port))
        return all.filter { $0.header != .none || !headed.contains($0.port) }.sorted {
            ($0.port, $0.proto.rawValue) < ($1.port, $1.proto.rawValue)
        }
    }
}
