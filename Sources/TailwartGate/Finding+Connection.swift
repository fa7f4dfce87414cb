import NIOCore
import TailwartClient
import TailwartCore
import TailwartSystem
import TailwartWire

/// What can go wrong before a protocol has its say, and when the other side falls silent.
extension Finding {
    static func nameUnknown(_ host: String) -> Finding {
        .waiting(
            "name_unknown", "the name \(host) is not known",
            fix:
                "correct the name, or the host's DNS: a name of the tailnet needs MagicDNS (tailscale set --accept-dns), or without a "
                + "TUN device --via-tailscale")
    }

    static func nameServerAway(_ host: String, _ reason: String) -> Finding {
        .waiting(
            "name_server_away", "no name server answers for \(host): \(reason)",
            fix: "look at the name servers in /etc/resolv.conf")
    }

    static let noDescriptor = Finding.waiting(
        "no_resources", "this host has no thread or descriptor left", fix: "raise its limits, see ulimit -a")

    /// Connected, and then nothing came.
    static let silent = Finding.waiting(
        "silent", "connected, but no answer came in time",
        fix: "look at that server: it hangs, or another protocol is spoken")

    static let closed = Finding.waiting(
        "closed", "the connection was closed without an answer",
        fix: "look at that server's log: it turned this host away")

    static func wrongProtocol(_ text: String) -> Finding {
        .waiting("wrong_protocol", text, fix: "correct the port, or the option that names the protocol")
    }

    /// - Parameter address: what was dialled.
    init(connecting address: InternetAddress, failed error: any Error) {
        let error = (error as? IOError).map { Errno(rawValue: $0.errnoCode) }
        switch error {
        case .connectionRefused:
            self = .waiting(
                "refused", "nothing listens at \(address)", fix: "start the service, or correct the port")
        case nil, .timedOut:
            self = .waiting(
                "timeout", "no answer from \(address)",
                fix: "is the host up? Else a firewall drops it, or the tailnet's policy does not grant the port: "
                    + "tailwart acl")
        case .some(let error) where error.isShortage:
            self = .noDescriptor
        case .some(let error):
            self = .waiting(
                "unreachable", "no way to \(address): \(error)", fix: "look at this host's routes and at its tailnet")
        }
    }

    /// By tailscaled, which says in its own words what was the matter.
    init(dialling endpoint: HostAndPort, _ verdict: Verdict, _ detail: String) {
        self =
            switch verdict {
            case .nameUnknown:
                .waiting(
                    "name_unknown", "tailscaled does not know the name \(endpoint.host)",
                    fix: "correct the name, or grant access to it: tailwart acl")
            case .refused:
                .waiting("refused", "nothing listens at \(endpoint)", fix: "start the service, or correct the port")
            case .timeout:
                .waiting(
                    "timeout", "no answer from \(endpoint)",
                    fix: "is the host up? Else the tailnet's policy does not grant the port: tailwart acl")
            case .unreachable:
                .waiting("unreachable", Self.withoutFullStop(detail), fix: "look at this host's tailnet")
            case .unprobed: .noDescriptor
            default:
                .waiting("tailscaled_failed", Self.withoutFullStop(detail), fix: Self.startTailscaled)
            }
    }

    /// A connection that broke after it was made.
    init(broken end: ConnectionEnd) {
        switch end {
        case .deadline: self = .silent
        case .closed(.orderly), .closed(.withoutGoodbye), .reset: self = .closed
        case .closed(.duringHandshake):
            self = .tlsFailed("the TLS handshake was broken off", fix: "look at that server's log")
        case .tooMuch: self = .wrongProtocol("what came is not the protocol")
        case .tls(let failure): self = Finding(failure)
        }
    }

    private init(_ failure: TLSFailure) {
        self =
            switch failure.fault {
            case .wrongName?:
                .tlsFailed(
                    "its certificate is for another name",
                    fix: "ask for a name that is in the certificate; --insecure takes any certificate")
            case .some:
                .tlsFailed(
                    "its certificate is not trusted by this system",
                    fix: "install the package ca-certificates, or add its authority; --insecure takes any certificate")
            case nil where failure.isNotTLS:
                .tlsFailed(
                    "it does not speak TLS there", fix: "correct the port, or write http:// in place of https://")
            case nil:
                .tlsFailed("the TLS handshake failed: \(failure)", fix: "look at that server's TLS settings")
            }
    }

    private static func tlsFailed(_ text: String, fix: String) -> Finding { .waiting("tls_failed", text, fix: fix) }
}
