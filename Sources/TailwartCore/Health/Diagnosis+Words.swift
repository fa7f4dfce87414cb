/// What people are told. docs/faults.md has the table, and a test compares the two.
extension Diagnosis {
    /// What is the matter.
    package var cause: String { joint?.cause ?? result.cause }

    /// What to do.
    package var fix: String { joint?.fix(for: servers) ?? result.fix(asked[0].place.proto) }

    /// The cause and what was seen.
    package var statement: String { verdict == .well ? result.detail : "\(cause) \(result.detail)" }
}

extension Diagnosis.Joint {
    package var cause: String {
        switch self {
        case .stopped(let hasAnswered):
            "Nothing listens on any port of this host: is the mail server running?"
                + (hasAnswered ? " It answered before, so it may be restarting." : "")
        case .barred:
            """
            A port that answered is refused or dropped now, while the host answers on another: a ban of this edge's address \
            there, or the service behind it has stopped.
            """
        case .barredAll:
            """
            All ports answered before and none does now, while the host answers over the tailnet: a ban of this edge's \
            address there (fail2ban and mailcow drop its packets), or the tailnet's policy has changed.
            """
        case .ungranted:
            "The host answers over the tailnet, and none of its ports does: the tailnet's policy drops them."
        case .away:
            "Nothing answers on any port, nor does the host over the tailnet: it is off, or has no network."
        case .gone:
            """
            All ports answered before and none does now: the host is off or restarting, or drops what comes from this \
            edge.
            """
        case .follows(_, let sentence, _): "That follows from the tailnet: \(sentence)."
        }
    }

    /// - Parameter servers: who answers at the endpoint; empty where nobody said who it is.
    package func fix(for servers: [MailServer]) -> String {
        switch self {
        case .stopped(let hasAnswered):
            let begin = hasAnswered ? "If it is not back in a minute, start it" : "Start it"
            let end = hasAnswered ? "see whether it bans this edge's address" : "see on which addresses it listens"
            return "\(begin) (\(Self.start(servers))). If it runs, \(end)."
        case .barred, .barredAll:
            let rest = self == .barred ? "start the service" : "see that the grant has the ports (`tailwart acl`)"
            return """
                Look on the mail server's host for this edge's address among the banned ones (`fail2ban-client banned`; in \
                mailcow under Fail2ban), lift that (`fail2ban-client unban ADDRESS`), and exempt the address there (ignoreip; \
                mailcow: allowlist). If it is not banned, \(rest).
                """
        case .ungranted:
            return """
                Add the ports to the grant from this edge's tag to the mailbox's in the policy file (`tailwart acl` prints \
                it); if they are in it, see whether a firewall of that host drops them.
                """
        case .away: return "See that the mail server's host is on, and that its tailscaled runs."
        case .gone:
            return """
                See that the mail server's host is on. If it is, see whether its firewall or fail2ban drops this edge's \
                address, and in a tailnet, whether the grant has the ports (`tailwart acl`).
                """
        case .follows(_, _, let fix): return fix?.asSentence ?? "Fix that first."
        }
    }

    private static func start(_ servers: [MailServer]) -> String {
        let units = servers.isEmpty ? "its service" : servers.map(\.unit).joined(separator: " ")
        return "`systemctl start \(servers.isEmpty ? "NAME" : units)`, or `docker compose up -d`"
    }
}

extension MailServer {
    /// Its service, as Debian and the projects themselves name it.
    fileprivate var unit: String { self == .exim ? "exim4" : rawValue }
}
