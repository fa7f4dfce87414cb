import TailwartWire

/// What people are told of an event.
extension EdgeEvent {
    /// Of ``clientTableFull(connections:slots:)``.
    static let tableFix = "raise 'limits.table' (16 bytes each)"

    private static let descriptorFix =
        "raise the limit (LimitNOFILE= in systemd, ulimits: {nofile: …} in Compose, ulimit -n), or lower max_connections"

    static func exhaustedFix(_ limit: UInt64?) -> String {
        limit == nil
            ? "see what takes them (`free -h`, `sysctl fs.file-nr fs.file-max`), and give it less or the host more"
            : descriptorFix
    }

    static func headerCause(_ client: IPAddress, _ listener: String) -> String {
        "\(client) begins its connections with a PROXY header, and \(listener) takes none: they are turned away"
    }

    static func headerFix(_ client: IPAddress) -> String {
        "if it is a load balancer in front of this edge, set proxy_protocol_in: {trusted: [\"\(client)\"]} for the listener; if it is an "
            + "address of this host, the mailbox's address leads back to this edge"
    }

    /// What happened and what to do, in one line.
    package var sentence: String {
        if case .reloadFailed(let problems) = self {
            return "\(statement): \(problems.map(\.sentence).joined(separator: "; "))"
        }
        guard let fix else { return statement }
        return statement + (statement.hasSuffix(".") ? " " : "; ") + fix
    }

    /// The rest of it, where ``statement`` is a line of its own.
    package var furtherLines: [String] {
        if case .reloadFailed(let problems) = self { return problems.map(\.sentence) }
        return fix.map { ["→ \($0.asSentence)"] } ?? []
    }

    /// What to do; nil where there is nothing to do, or ``statement`` says it.
    package var fix: String? {
        switch self {
        case .addressMissing: "if it never will have it, correct 'bind' (see `ip address`)"
        case .adminUnavailable: "set 'admin.socket' to another path, or to off"
        case .descriptorsShort: Self.descriptorFix
        case .descriptorsExhausted(let limit): Self.exhaustedFix(limit)
        case .headerUnexpected(let client, _): Self.headerFix(client)
        case .verdict(let found): found.verdict == .well ? nil : found.fix
        case .tailnet(let news): news.fix
        case .userspace: "set via: tailscale for that upstream"
        case .bansFailed(_, let fix): fix
        case .clientTableFull: Self.tableFix
        case .edgeBanned: Verdict.banned.fix(of: .stalwart)
        default: nil
        }
    }

    /// What happened and why, without ``furtherLines``.
    package var statement: String {
        switch self {
        case .listening(let version, let openings):
            "\(version) listens on \(openings.map { "\($0.bind) (\($0.listener))" }.joined(separator: ", "))"
        case .addressMissing(let opening):
            "this host does not have the address of \(opening.bind) (\(opening.listener)): the edge serves there once it "
                + "has it"
        case .adminUnavailable(let socket, let failure):
            "the admin interface at \(socket) cannot be used: \(failure)"
        case .descriptorsShort(let limit, let connections):
            "max_connections is \(connections), but this process may open only \(limit) descriptors, two per "
                + "connection"
        case .descriptorsExhausted(let limit):
            (limit.map { "this process has used up the \($0) descriptors that it may open" }
                ?? "this host has no descriptor or memory left") + ", and turns clients away"
        case .descriptorsFree: "for an hour no client was turned away for want of descriptors"
        case .headerUnexpected(let client, let listener): Self.headerCause(client, listener)
        case .resolved(let name, let addresses, let source):
            "\(name) is \(addresses.map { "\($0)" }.joined(separator: ", "))\(source.map { " (\($0))" } ?? "")"
        case .unresolved(let name, let failure, let keepsAddresses):
            "\(name) does not resolve: \(failure); "
                + (keepsAddresses ? "the last known addresses are used" : "no address is known yet")
        case .listLoaded(let news):
            (["\(news.name) has \(Self.networks(news.networks))"] + news.problems).joined(separator: "; ")
        case .listFailed(let name, let failure, let kept):
            "\(name) cannot be used: \(failure); "
                + (kept.map { "the last version stays in force, with \(Self.networks($0))" }
                    ?? "nobody is denied or allowed by it yet")
        case .verdict(let found): "\(found.label): \(found.verdict.name): \(found.statement)"
        case .health(let places, isHealthy: false, let witness, _):
            "\(places.label) is unhealthy, as \(witness.rawValue) say: it gets no connections except trials"
        case .health(let places, isHealthy: true, let witness, let found):
            "\(places.label) is healthy, as \(witness.rawValue) say" + (found.map { ": \($0.statement)" } ?? "")
        case .tailnet(let news): news.whole
        case .userspace(let names):
            "tailscaled runs in userspace mode, so \(names.joined(separator: ", ")) cannot be dialled directly"
        case .signalIgnored(let signal):
            "\(signal.rawValue) is ignored: SIGHUP reloads the configuration, and the log on standard output needs no reopening"
        case .reloaded(let difference, let warnings):
            "reloaded: "
                + ((difference.isEmpty ? ["nothing has changed"] : difference.sentences(atMost: Self.changeLimit))
                + warnings.map(\.sentence)).joined(separator: "; ")
        case .reloadFailed: "reload failed, nothing has changed"
        case .noticeSent(let messenger, let notice, let lost):
            "sent to \(messenger): \(notice.kindName)\(notice.isOver ? ", which is over" : "")"
                + (lost == 0 ? "" : "; \(lost) notices before it were dropped")
        case .noticeFailed(let messenger, let failure):
            "notice to \(messenger) failed: \(failure); it will be sent again (`tailwart check --notify` sends a test)"
        case .ban(let news): news.sentence
        case .bansFailed(let failure, _): failure
        case .clientTableFull(let connections, let slots):
            "the table of \(slots) client networks is full, and \(connections) connections were served without limits"
        case .edgeBanned(let addresses):
            "the mailbox bans this edge (\(addresses.map { "\($0)" }.joined(separator: ", ")))."
        case .takeover(let openings):
            "took over from the old process, which drains; listens on "
                + openings.map { "\($0.bind) (\($0.listener))" }.joined(separator: ", ")
        case .takeoverFailed(let failure): "a takeover by another process failed, this one keeps serving: \(failure)"
        case .draining(let cause, let live, let limit):
            "\(cause.rawValue): no longer accepting; \(Self.connections(live)) may finish within "
                + "\(limit.configurationText), a second signal ends at once"
        case .cutShort(let cause, let live): "\(cause.rawValue) again: ending \(Self.connections(live)) at once"
        case .stopped(let accepted): "stopped after \(Self.connections(accepted))"
        case .eventsLost(let count, let failure):
            "\(count) log lines were lost: " + (failure ?? "standard output is not being read")
        case .recordsLost(let count, let failure):
            "\(count) connection records were lost: " + (failure ?? "standard output is not read fast enough")
        case .sandbox(let text): "    mailbox: \(text)"
        }
    }

    /// Changes that are said of one reload; `reload --dry-run` has them all.
    static let changeLimit = 20

    private static func networks(_ count: Int) -> String { "\(count) \(count == 1 ? "network" : "networks")" }

    private static func connections(_ count: Int) -> String { "\(count) \(count == 1 ? "connection" : "connections")" }
}

extension TailnetNews {
    fileprivate var whole: String {
        var text = sentence
        if let roundTrip { text += ", \(Int(roundTrip / .milliseconds(1))) ms round trip" }
        if let handshakeAge { text += ", last handshake \(handshakeAge) s ago" }
        return text
    }
}

extension String {
    /// With a capital letter and a full stop.
    package var asSentence: String {
        let text = prefix(1).uppercased() + dropFirst()
        return text.hasSuffix(".") ? text : text + "."
    }
}
