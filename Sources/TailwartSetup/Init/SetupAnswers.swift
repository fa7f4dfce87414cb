/// What `tailwart init` must know to write the files of an edge.
package struct SetupAnswers: Sendable, Equatable {
    /// How the edge will be run.
    package enum Form: String, CaseIterable, Sendable {
        case compose
        case systemd
        case binary
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
    /// Where all names on 443 go that are not the mailbox's; nil for a mail-only edge.
    package var web: String?
    package var form: Form

    /// - Parameter hostname: nil for ``usualHostname(_:)``.
    package init(
        domains: [String], hostname: String? = nil, mailbox: Mailbox, network: SetupNetwork = .tailscale,
        isUserspace: Bool = false, web: String?, form: Form
    ) {
        self.domains = domains
        self.hostname = hostname ?? Self.usualHostname(domains)
        self.mailbox = mailbox
        self.network = network
        self.isUserspace = isUserspace && network != .other
        self.web = web
        self.form = form
    }

    /// Where the web server that `--web` without a value stands for listens.
    package static let usualWeb = "127.0.0.1:8443"
    package static func usualHostname(_ domains: [String]) -> String { "mail.\(domains.first ?? "")" }

    package static let usualMachine = "stalwart"
}
