import NIOCore

/// Why no more comes over a connection.
package enum ConnectionEnd: Error, Sendable, Equatable, CustomStringConvertible {
    /// The moment that the wait was limited to.
    case deadline
    case closed(Closing)
    case reset
    /// A line, or everything together, was longer than anything that is expected there.
    case tooMuch
    case tls(TLSFailure)

    package enum Closing: Sendable, Equatable {
        case orderly
        /// TLS was on, and no close_notify came: the end may have been cut off (RFC 8446 section 6.1).
        case withoutGoodbye
        case duringHandshake
    }

    /// A sentence without a full stop.
    package var description: String {
        switch self {
        case .deadline: "nothing more came in time"
        case .closed(.orderly): "the connection was closed"
        case .closed(.withoutGoodbye): "the connection was closed without a goodbye in TLS"
        case .closed(.duringHandshake): "the connection was closed during the TLS handshake"
        case .reset: "the connection broke"
        case .tooMuch: "more came than is expected there"
        case .tls(let failure): "TLS failed: \(failure)"
        }
    }

    /// What NIO or the ``TLSHandler`` has caught.
    init(_ error: any Error) {
        self =
            switch error {
            case let end as ConnectionEnd: end
            case is IOError: .reset
            default: .tls(TLSFailure("\(error)"))
            }
    }
}

/// Why TLS did not come about, or broke.
package struct TLSFailure: Sendable, Equatable, CustomStringConvertible {
    /// In OpenSSL's words.
    package let description: String
    /// The other side's certificate was not accepted.
    package let fault: CertificateFault?

    init(_ description: String, _ fault: CertificateFault? = nil) {
        self.description = description
        self.fault = fault
    }

    /// What came is no record of TLS.
    package var isNotTLS: Bool {
        ["wrong version number", "http request", "https proxy request", "packet length too long", "bad record type"]
            .contains(description)
    }
}
