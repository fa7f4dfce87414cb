/// Gets the answers: from flags, and what they leave open from a person.
package struct SetupInterview: Sendable {
    package var domains: [String] = []
    package var hostname: String?
    package var mailbox: String?
    package var tailnet: String?
    package var network: String?
    /// The user who may give devices the tags; makes the network that of Headscale.
    package var headscale: String?
    /// What a tailscaled that runs here has joined; nil if that is not known.
    package var joined: SetupNetwork.Kind?
    /// Whether a tailscaled that runs here does without a TUN device.
    package var isUserspace = false
    package var server: String?
    /// `.some("no")` for a mail-only edge.
    package var web: String?
    package var form: String?

    package init() {}

    /// Why there are no answers.
    package enum Problem: Error, Equatable, CustomStringConvertible {
        /// Of a flag.
        case rejected(flag: String, reason: String)
        case missing(flags: [String])
        /// The person went away, or gave no usable answer in ``attempts``.
        case noAnswer(flag: String)

        package var description: String {
            switch self {
            case .rejected(let flag, let reason): "\(flag): \(reason)"
            case .missing(let flags):
                "there is no terminal to ask on; add \(flags.joined(separator: ", "))"
            case .noAnswer(let flag): "no usable answer; add \(flag)"
            }
        }
    }

    /// How often a question is asked again.
    static let attempts = 3

    /// - Parameters:
    ///   - ask: shows a question and gives the line that was typed, nil at the end of input; nil without a terminal.
    ///   - say: shows why an answer was not taken.
    package func answers(
        ask: ((String) -> String?)?, say: @escaping (String) -> Void = { _ in }
    ) throws(Problem) -> SetupAnswers {
        guard let ask else { return try answersOfFlags() }
        let conversation = Conversation(ask: ask, say: say)
        let domains = try conversation.get(
            given: flagDomains, "--domain", "Mail domains, such as example.org (several with spaces between): ",
            SetupAnswer.domains)
        // Whoever gives flags means what is usual where there is none.
        let usualHostname = SetupAnswers.usualHostname(domains)
        let hostname = try conversation.get(
            given: hostname ?? flagDomains.map { _ in usualHostname }, "--hostname",
            "The mail server's public name, for the MX record and its certificate",
            usual: usualHostname, SetupAnswer.hostname)
        let isAsked = self.mailbox == nil
        let mailbox = try conversation.get(
            given: mailbox, "--mailbox", "The mailbox's name on the tailnet or in the LAN, or its address",
            usual: SetupAnswers.usualMachine, SetupAnswer.mailbox)
        var kind = SetupNetwork.Kind.other
        if TailnetHost.isPossible(mailbox) {
            let usual = usualNetwork(of: mailbox).rawValue
            kind = try conversation.get(
                given: givenNetwork ?? (isAsked ? nil : usual), "--network",
                "What connects this host with the mailbox (other: a LAN, WireGuard): "
                    + SetupNetwork.Kind.allCases.map(\.rawValue).joined(separator: ", "),
                usual: usual, SetupAnswer.network)
        } else {
            try checkNetwork(of: mailbox)
        }
        var owner: String?
        if kind == .headscale {
            owner = try conversation.get(
                given: headscale, "--headscale", "The Headscale user who owns the tags, from `headscale users list`: ",
                SetupAnswer.owner)
        }
        var tailnet: String?
        if SetupAnswer.needsTailnet(mailbox), kind != .other || self.tailnet != nil {
            tailnet = try conversation.get(
                given: self.tailnet, "--tailnet", "The tailnet's name, such as tail1234.ts.net: ", SetupAnswer.tailnet)
        }
        let server = try conversation.get(
            given: server ?? flagDomains.map { _ in SetupAnswers.Server.stalwart.rawValue }, "--server",
            "The mail server: stalwart, postfix (with Dovecot), or other",
            usual: SetupAnswers.Server.stalwart.rawValue, SetupAnswer.server)
        try checkWeb(of: server)
        let web = try conversation.get(
            given: web ?? (server == .postfix ? "no" : nil), "--web",
            "A web server on this host that gets all other names on 443: its address and port, yes for "
                + "\(SetupAnswers.usualWeb), or no", usual: "no", SetupAnswer.web)
        let form = try conversation.get(
            given: form, "--form",
            "How will the edge run: \(SetupAnswers.Form.allCases.map(\.rawValue).joined(separator: ", "))",
            usual: SetupAnswers.Form.compose.rawValue, SetupAnswer.form)
        return answers(domains, hostname, mailbox, tailnet, kind, owner, server, web, form)
    }

    /// The web server has 443 for itself where the mailbox does not serve it.
    private func checkWeb(of server: SetupAnswers.Server) throws(Problem) {
        guard server == .postfix, try Self.read(web, "--web", SetupAnswer.web) ?? nil != nil else { return }
        throw .rejected(
            flag: "--web",
            reason: "Postfix and Dovecot do not serve 443, so the edge leaves 443 to the web server; use --no-web")
    }

    /// A name that only a LAN has needs no tailnet; a Headscale may have given it all the same.
    private func usualNetwork(of mailbox: String?) -> SetupNetwork.Kind {
        if let mailbox, joined != .headscale, TailnetHost.isOfLAN(mailbox) { return .other }
        return joined ?? .tailscale
    }

    private var givenNetwork: String? { network ?? headscale.map { _ in SetupNetwork.Kind.headscale.rawValue } }
    /// A flag that names a tailnet would else be dropped in silence.
    private func checkNetwork(of mailbox: String) throws(Problem) {
        guard let kind = try Self.read(givenNetwork, "--network", SetupAnswer.network), kind != .other else { return }
        throw .rejected(
            flag: headscale == nil ? "--network" : "--headscale",
            reason:
                "the mailbox's address \(mailbox) is not in a tailnet; leave this out, or give the mailbox's name or address on the tailnet"
        )
    }

    private var flagDomains: String? { domains.isEmpty ? nil : domains.joined(separator: " ") }

    private func answersOfFlags() throws(Problem) -> SetupAnswers {
        let domains = try Self.read(flagDomains, "--domain", SetupAnswer.domains)
        let hostname = try Self.read(hostname, "--hostname", SetupAnswer.hostname)
        let mailbox = try Self.read(mailbox, "--mailbox", SetupAnswer.mailbox)
        let given = try Self.read(givenNetwork, "--network", SetupAnswer.network)
        let owner = try Self.read(headscale, "--headscale", SetupAnswer.owner)
        let isPossible = mailbox.map(TailnetHost.isPossible) ?? true
        if let mailbox, !isPossible { try checkNetwork(of: mailbox) }
        let kind = isPossible ? given ?? usualNetwork(of: mailbox) : .other
        // Not yet known without a mailbox: then it is asked for as well, so that nobody has to come back a third time.
        let mayNeedTailnet = mailbox.map(SetupAnswer.needsTailnet) ?? true
        let tailnet = try Self.read(mayNeedTailnet ? tailnet : nil, "--tailnet", SetupAnswer.tailnet)
        let server = try Self.read(server, "--server", SetupAnswer.server) ?? .stalwart
        try checkWeb(of: server)
        let web = try Self.read(web ?? (server == .postfix ? "no" : nil), "--web", SetupAnswer.web)
        let form = try Self.read(form, "--form", SetupAnswer.form)

        var missing: [String] = []
        if domains == nil { missing.append("--domain") }
        if mailbox == nil { missing.append("--mailbox") }
        if mayNeedTailnet, kind != .other, tailnet == nil {
            missing.append(
                mailbox == nil
                    ? "--tailnet (not needed if --mailbox is a full name or an address)"
                    : "--tailnet (or --network other if the LAN or a VPN knows this name)")
        }
        if kind == .headscale, owner == nil {
            missing.append(
                given == nil ? "--headscale (this host is in a Headscale tailnet; else add --network)" : "--headscale")
        }
        if web == nil { missing.append("--web or --no-web") }
        if form == nil { missing.append("--form") }
        guard let domains, let mailbox, let web, let form, missing.isEmpty else { throw .missing(flags: missing) }
        return answers(domains, hostname, mailbox, tailnet, kind, owner, server, web, form)
    }

    private func answers(
        _ domains: [String], _ hostname: String?, _ mailbox: String, _ tailnet: String?, _ kind: SetupNetwork.Kind,
        _ owner: String?, _ server: SetupAnswers.Server, _ web: String?, _ form: SetupAnswers.Form
    ) -> SetupAnswers {
        let network: SetupNetwork =
            switch kind {
            case .tailscale: .tailscale
            case .headscale: .headscale(owner: owner ?? "")
            case .other: .other
            }
        return SetupAnswers(
            domains: domains, hostname: hostname,
            mailbox: tailnet.map { .machine(mailbox, tailnet: $0) } ?? .whole(mailbox), network: network,
            isUserspace: isUserspace, server: server, web: web, form: form)
    }

    /// What a flag says; nil if it is not there.
    fileprivate static func read<Answer>(
        _ text: String?, _ flag: String, _ read: (String) throws(SetupAnswer.Rejection) -> Answer
    ) throws(Problem) -> Answer? {
        guard let text else { return nil }
        do throws(SetupAnswer.Rejection) {
            return try read(text)
        } catch {
            throw .rejected(flag: flag, reason: error.description)
        }
    }
}

/// Questions to a person, each asked again after an answer that cannot be taken.
private struct Conversation {
    let ask: (String) -> String?
    let say: (String) -> Void

    /// What the flag says, else what the person says.
    func get<Answer>(
        given text: String?, _ flag: String, _ question: String, usual: String? = nil,
        _ read: (String) throws(SetupAnswer.Rejection) -> Answer
    ) throws(SetupInterview.Problem) -> Answer {
        if let answer = try SetupInterview.read(text, flag, read) { return answer }
        let prompt = usual.map { "\(question) [\($0)]: " } ?? question
        for _ in 0..<SetupInterview.attempts {
            guard let line = ask(prompt) else { throw .noAnswer(flag: flag) }
            let typed = line.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
            do throws(SetupAnswer.Rejection) {
                return try read(typed.isEmpty ? usual ?? "" : typed)
            } catch {
                say("  \(error.description)")
            }
        }
        throw .noAnswer(flag: flag)
    }
}
