import TailwartClient
import TailwartCore

/// The client's side of one mail protocol, as far as a probe goes: greeting, STARTTLS, goodbye. Lines in, steps out, no I/O.
protocol Dialogue: Sendable {
    /// How a client takes its leave.
    var goodbye: String { get }

    mutating func receive(_ line: ServerLine) -> Step
}

/// What to do after a line.
enum Step: Sendable, Equatable {
    case readOn
    /// Send this line, then read on.
    case say(String)
    /// The server has agreed: the handshake is next.
    case startTLS
    /// Everything was as it should be.
    case done
    /// The first mismatch: no more commands but the goodbye.
    case stop(Verdict, String)
    /// The same, unless another reply follows without another command: then the header was taken for one, and this was the answer to it.
    case suspect(Verdict, String)
}

/// What a dialogue has to know about the connection.
struct DialogueSetting: Sendable {
    /// A PROXY header was sent.
    var hasHeader: Bool
    /// TLS is already on: then the greeting is all there is to learn.
    var isProtected: Bool
    var ehloName: String

    /// The verdict on a reply that answers no command of the probe: to the header, if there is one.
    func misunderstood(_ line: ServerLine) -> Step {
        if hasHeader { return .stop(.headerNotTrusted, "The server answered the PROXY header with \(line.quoted).") }
        return .stop(.wrongProtocol, "The server does not know the commands of its protocol: \(line.quoted).")
    }

    /// The verdict on a refusal that may answer the probe's own command or the header.
    func refused(_ verdict: Verdict, _ detail: String) -> Step {
        hasHeader ? .suspect(verdict, detail) : .stop(verdict, detail)
    }
}

/// The protocol that a first line belongs to, to name it and to leave politely.
enum Greeting: Sendable, Equatable {
    case smtp
    case imap
    case pop3
    case sieve
    case http
    case ssh
    case tls
    case unknown

    init(_ bytes: some Collection<UInt8>) {
        let text = String(decoding: bytes.prefix(16), as: UTF8.self)
        switch text.utf8.first {
        case 20, 21, 22: self = .tls
        case UInt8(ascii: "*"): self = text.hasPrefix("* ") ? .imap : .unknown
        case UInt8(ascii: "\""): self = .sieve
        default:
            if text.hasPrefix("+OK") || text.hasPrefix("-ERR") {
                self = .pop3
            } else if text.hasPrefix("HTTP/") {
                self = .http
            } else if text.hasPrefix("SSH-") {
                self = .ssh
            } else if SMTPReply(text) != nil {
                self = .smtp
            } else if ["OK", "NO", "BYE"].contains(where: { text == $0 || text.hasPrefix("\($0) ") }) {
                self = .sieve
            } else {
                self = .unknown
            }
        }
    }

    init(_ proto: ListenerProtocol) {
        self =
            switch proto {
            case .smtp, .submission, .submissions: .smtp
            case .imap, .imaps: .imap
            case .pop3, .pop3s: .pop3
            case .sieve: .sieve
            case .https, .tcp: .unknown
            }
    }

    /// Nil where every word would be one too many.
    var goodbye: String? {
        switch self {
        case .smtp, .pop3: "QUIT"
        case .imap: "a9 LOGOUT"
        case .sieve: "LOGOUT"
        case .http, .ssh, .tls, .unknown: nil
        }
    }

    /// As in "the server greets like an …".
    var name: String {
        switch self {
        case .smtp: "an SMTP server"
        case .imap: "an IMAP server"
        case .pop3: "a POP3 server"
        case .sieve: "a ManageSieve server"
        case .http: "a web server"
        case .ssh: "an SSH server"
        case .tls: "a server that wants TLS from the first byte"
        case .unknown: "no server known here"
        }
    }
}

/// A line of a server, without its end.
struct ServerLine: Sendable, Equatable {
    let bytes: [UInt8]

    init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

    /// For comparing; what is not UTF-8 is replaced.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// For showing.
    var quoted: String { Quoted.text(bytes) }
}
