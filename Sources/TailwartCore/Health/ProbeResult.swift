package import TailwartWire

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

    /// Nobody was asked, as these addresses of the place lead back to the edge.
    package static func ownAddress(_ addresses: [IPAddress], port: UInt16) -> ProbeResult {
        let list = addresses.map { "\(InternetAddress($0, port: port))" }.joined(separator: ", ")
        return ProbeResult(.ownAddress, "\(list) leads back to this edge.")
    }
}
