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
    package var mailbox: Mailbox
    /// Where all names on 443 go that are not the mailbox's; nil for a mail-only edge.
    package var web: String?
    package var form: Form

    package init(domains: [String], mailbox: Mailbox, web: String?, form: Form) {
        self.domains = domains
        self.mailbox = mailbox
        self.web = web
        self.form = form
    }

    /// Where the web server that `--web` without a value stands for listens.
    package static let usualWeb = "127.0.0.1:8443"
    package static let usualMachine = "stalwart"
}
