package import TailwartWire

/// One way to reach the operator while nobody looks: a member of `notify`.
package struct Messenger: Sendable, Equatable {
    package enum Way: Sendable, Hashable {
        /// A program by its absolute path, and its arguments.
        case command([String])
        case post(NoticeURL)
    }

    package var way: Way
    /// A file with further fields of the request, such as a token; its values are secret. Only with ``Way/post(_:)``.
    package var headersFile: String?
    /// A PEM file with the authorities that the server's certificate may come from. Nil: the system's.
    package var trustRoots: String?
    /// What is told, without repeats.
    package var on: [NoticeKind]
    /// How long something must last before it is told.
    package var after: Duration

    package init(
        _ way: Way, headersFile: String? = nil, trustRoots: String? = nil, on: [NoticeKind] = NoticeKind.allCases,
        after: Duration = Defaults.noticeAfter
    ) {
        self.way = way
        self.headersFile = headersFile
        self.trustRoots = trustRoots
        self.on = on
        self.after = after
    }

    /// For logs: the program, or the server. Not what may be a secret: arguments, and the path of a URL.
    package var label: String {
        switch way {
        case .command(let words): words.first ?? ""
        case .post(let url): url.origin
        }
    }
}

/// What an operator is told of.
package enum NoticeKind: String, CaseIterable, Sendable {
    /// A place is turned off: it gets no connections.
    case unhealthy
    /// The end of ``unhealthy`` and ``degraded``, if those were told.
    case healthy
    /// A probe finds something else wrong than a certificate, and the place is not turned off for it.
    case degraded
    /// A certificate ends soon, is not valid, or not for the names that clients ask for.
    case certificate
    /// tailscaled is gone or does not run, a key expires, a mailbox is offline or gone from the tailnet.
    case tailnet
    /// The mailbox bans this edge, as it says itself: told at once.
    case edgeBanned = "edge_banned"
    /// A changed configuration was not taken.
    case reloadFailed = "reload_failed"
    /// Another process could not take over: the version before goes on.
    case takeoverFailed = "takeover_failed"
    /// Clients are turned away, as this process or its host has no descriptor left.
    case descriptors
}

/// Where notices are posted.
package struct NoticeURL: Sendable, Hashable {
    package let isEncrypted: Bool
    /// A name or an address, without brackets.
    package let host: String
    package let port: UInt16
    /// The path with its query, as it goes into a request.
    package let target: String

    package init(isEncrypted: Bool, host: String, port: UInt16, target: String) {
        self.isEncrypted = isEncrypted
        self.host = host
        self.port = port
        self.target = target
    }

    package var address: IPAddress? { IPAddress(host) }

    private var usualPort: UInt16 { isEncrypted ? 443 : 80 }

    /// Of the Host field: without the scheme's own port (RFC 9110 section 7.2).
    package var hostField: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == usualPort ? name : "\(name):\(port)"
    }

    /// The server alone.
    package var origin: String { "\(isEncrypted ? "https" : "http")://\(hostField)" }

    /// As the file has it.
    package var text: String { origin + target }

    /// Whether what is sent there can be read by strangers on the way, as far as the host itself tells: a name may be one of this host or of
    /// a private network alone, and its addresses are looked at when there is something to send.
    package var isForStrangers: Bool {
        guard !isEncrypted else { return false }
        if let address { return address.isForStrangers }
        return host.contains(".") && !Self.privateSuffixes.contains { host.hasSuffix($0) }
    }

    /// Names that no public DNS has: tailnets, RFC 6761, RFC 6762, RFC 8375 and what ICANN has set aside.
    private static let privateSuffixes = [".ts.net", ".localhost", ".local", ".home.arpa", ".internal", ".lan"]
}
