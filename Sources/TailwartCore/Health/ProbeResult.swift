package import TailwartWire

/// Why one address of a place does not lead there.
package struct AddressFault: Sendable, Equatable {
    package let address: String
    package let verdict: Verdict

    package init(_ address: String, _ verdict: Verdict) {
        self.address = address
        self.verdict = verdict
    }
}

/// What one probe found out.
package struct ProbeResult: Sendable, Equatable {
    package var verdict: Verdict
    /// One sentence that says what was seen; what the server sent is quoted, escaped and cut.
    package var detail: String
    /// Nil if no TLS handshake came so far.
    package var certificate: CertificateReport?
    /// How long the connection took to be made: one round trip, and with a proxy on the way the proxy's own time too.
    package var roundTrip: Duration?
    /// How long the server took for its first byte; nil where it said nothing.
    package var greeting: Duration?
    /// The server may count this probe against the edge's address; see ``BurnGuard``.
    package var isCostly: Bool
    /// It is so at one of the addresses of the place, and another serves: it is said, and turns nothing off.
    package var isOfOneAddress = false
    /// Of ``Verdict/banned``: it is this edge's own address alone, and clients behind a header are served.
    package var servesClients = false
    /// Where no address of the place leads there and they differ in why: each with its fault. Else empty.
    package var byAddress: [AddressFault] = []
    /// Who answered, as it greets or as it is known from before; nil if it does not say.
    package var server: MailServer?
    /// What an SMTP server calls itself in its greeting, in lower case; nil where it says no name.
    package var greetedAs: String?

    package init(
        _ verdict: Verdict, _ detail: String, certificate: CertificateReport? = nil, roundTrip: Duration? = nil,
        greeting: Duration? = nil, isCostly: Bool = false
    ) {
        self.greeting = greeting
        self.isCostly = isCostly
        self.verdict = verdict
        self.detail = detail
        self.certificate = certificate
        self.roundTrip = roundTrip
    }

    /// Whether a mail server has greeted to the end and not said who it is.
    func isAnonymous(_ proto: ListenerProtocol) -> Bool {
        server == nil && verdict.grade != .failed && proto != .https
    }

    /// What addresses of a place have in common of which none leads there; where they differ, each with its fault. One that is refused has
    /// a host.
    package static func joined(_ faults: [(address: String?, result: ProbeResult)]) -> ProbeResult? {
        guard var joined = (faults.first { $0.result.verdict == .refused } ?? faults.last)?.result else { return nil }
        guard Set(faults.map(\.result.verdict)).count > 1 else { return joined }
        joined.detail = faults.map(\.result.detail).joined(separator: " ")
        joined.byAddress = faults.compactMap { fault in fault.address.map { AddressFault($0, fault.result.verdict) } }
        return joined
    }

    /// What is the matter.
    package var cause: String {
        if servesClients { return Self.banOfEdge }
        return byAddress.isEmpty
            ? verdict.cause : byAddress.map { "\($0.address): \($0.verdict.cause)" }.joined(separator: " ")
    }

    private static let banOfEdge = """
        The mailbox has banned this edge's own address. Clients behind a PROXY header are served; what comes without one, as on 443, is shut \
        out.
        """

    /// What to set, and where.
    package var fix: String {
        // Who bans is there.
        if servesClients { return verdict.fix(of: server).replacing(" \(Verdict.forwarded)", with: "") }
        return byAddress.isEmpty
            ? verdict.fix(of: server)
            : byAddress.map { "\($0.address): \($0.verdict.fix(of: server))" }.joined(separator: " ")
    }

    /// The same, where the protocol tells more.
    package func fix(_ proto: ListenerProtocol) -> String {
        guard proto == .https else { return fix }
        // In the short form 443 has a key of its own, and is there for `domains` alone: nobody would find a listener to take out.
        return switch verdict {
        case .refused:
            """
            Start the server of this port: the web server, or the mail server. If it serves HTTPS on another port, correct the port: \
            https.port of 'mailbox', or the address of 'web'. If the mailbox has no HTTPS, remove 'domains' from 'mailbox'.
            """
        case .headerNotTrusted, .headerUnwanted:
            "\(fix) In the short form that is `https: {proxy_protocol: none}` under 'mailbox'."
        case .headerRequired: "\(fix) In the short form that is `https: {proxy_protocol: v2}` under 'mailbox'."
        // Whose the port is, the other ports do not tell.
        case .tlsFailed, .busy: verdict.fix
        default: fix
        }
    }

    /// Nobody was asked, as these addresses of the place lead back to the edge.
    package static func ownAddress(_ addresses: [IPAddress], port: UInt16) -> ProbeResult {
        let list = addresses.map { "\(InternetAddress($0, port: port))" }.joined(separator: ", ")
        return ProbeResult(.ownAddress, "\(list) leads back to this edge.")
    }
}
