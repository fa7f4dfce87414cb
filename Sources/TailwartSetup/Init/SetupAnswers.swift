/// What `tailwart init` must know to write the files of an edge.
package struct SetupAnswers: Sendable, Equatable {
    /// How the edge will be run.
    package enum Form: String, CaseIterable, Sendable {
        case compose
        case systemd
        case binary
    }

    /// The mail server, as far as it makes a difference to the files.
    package enum Server: String, CaseIterable, Sendable {
        case stalwart
        /// With Dovecot: both need ports of their own for the edge, and neither serves 443.
        case postfix
        case other
    }

    /// How the mailbox is named.
    package enum Mailbox: Sendable, Equatable {
        /// Its machine name, which the tailnet's name completes.
        case machine(String, tailnet: String)
        /// A whole name or an address that needs no tailnet's name.
        case whole(String)
    }

    /// Never empty; lower case.
    package var domains: [String]
    /// The mail server's public name; lower case.
    package var hostname: String
    package var mailbox: Mailbox
    package var network: SetupNetwork
    /// Only tailscaled reaches the tailnet from this host: it runs without a TUN device.
    package var isUserspace: Bool
    package var server: Server
    /// Where all names on 443 go that are not the mailbox's; nil for a mail-only edge.
    package var web: String?
    package var form: Form

    /// - Parameter hostname: nil for ``usualHostname(_:)``.
    package init(
        domains: [String], hostname: String? = nil, mailbox: Mailbox, network: SetupNetwork = .tailscale,
        isUserspace: Bool = false, server: Server = .stalwart, web: String?, form: Form
    ) {
        self.domains = domains
        self.hostname = hostname ?? Self.usualHostname(domains)
        self.mailbox = mailbox
        self.network = network
        self.isUserspace = isUserspace && network != .other
        self.server = server
        self.web = web
        self.form = form
    }

    /// Where the web server that `--web` without a value stands for listens.
    package static let usualWeb = "127.0.0.1:8443"
    package static func usualHostname(_ domains: [String]) -> String { "mail.\(domains.first ?? "")" }

    package static let usualMachine = "stalwart"

    /// Whether the edge forwards names on 443 to the mailbox.
    var has443: Bool { server != .postfix }
}
