package import TailwartCore
package import TailwartWire

extension FakeStalwart {
    /// What can be set before and while it runs.
    package struct Settings: Sendable {
        package enum Mode: Sendable, Equatable {
            case serving
            /// No mail ports, only the setup page: bootstrap or recovery.
            case bootstrap
            /// Greets with 421, BYE or -ERR, and closes.
            case unavailable

            var hasMailPorts: Bool { self != .bootstrap }
        }

        package var mode = Mode.serving
        /// Connections from here must begin with a PROXY header on all mail ports.
        package var trusted: [Network]
        /// Whether that holds on `https` too.
        package var isHeaderOnHTTPS = false
        /// Nil: the one that Stalwart makes up (rcgen).
        package var certificate: FakeCertificate?
        package var offersStartTLS = true
        /// Before the greeting, as when the server looks something up.
        package var greetingDelay = Duration.zero
        /// Invalid commands of an address that are answered; with the next it is banned.
        package var banLimit = 30
        /// Connections for SMTP from one address that are greeted within ``throttleTime``; more are closed without a byte, over implicit TLS behind
        /// the handshake. Nil: no limit, as tests come often; by default Stalwart takes 5 in a second.
        package var throttle: Int?
        package var throttleTime = Duration.seconds(1)
        /// Its PostgreSQL went away while it ran: it greets, and takes no recipient.
        package var isDatabaseAway = false
        /// The addresses that it has; nil: all. A fresh one has no postmaster either.
        package var recipients: [String]?
        /// Before it says that it does not have an address.
        package var unknownRecipientDelay = Duration.seconds(5)
        /// Mails in an hour from one sender to one recipient. Nil: no limit, as tests send often; by default Stalwart takes 25.
        package var rate: Int?

        package init(trusted: [Network] = [], certificate: FakeCertificate? = nil) {
            self.trusted = trusted
            self.certificate = certificate
        }

        /// Trusts this host, as a mailbox trusts its edge.
        package static func trusting(certificate: FakeCertificate? = nil) -> Settings {
            Settings(trusted: [IPAddress.loopbackV4, .loopbackV6].map { Network($0) }, certificate: certificate)
        }
    }

    /// What clients did.
    package struct Counters: Sendable, Equatable {
        package var connections = 0
        /// Closed without a byte, as the address is banned: at once, or after the header that told of it.
        package var dropped = 0
        /// Closed without a byte, as there were too many from the address.
        package var throttled = 0
        /// Headers that were read, and those of them that said LOCAL (or version 1 UNKNOWN).
        package var headers = 0
        package var localHeaders = 0
        /// Trusted peers that sent something else, or closed before a whole header.
        package var headerErrors = 0
        /// Clients that closed without a byte.
        package var emptyConnections = 0
        package var invalidCommands = 0
        package var unknownRecipients = 0
        package var handshakes = 0
        /// QUIT and LOGOUT.
        package var goodbyes = 0
        /// SMTP transactions that were accepted, and dropped.
        package var messages = 0
        /// Whom greetings went to, newest last: from the header, or the peer itself.
        package var clients: [InternetAddress] = []

        /// Clients that are remembered.
        package static let maximumClients = 1000
    }
}
