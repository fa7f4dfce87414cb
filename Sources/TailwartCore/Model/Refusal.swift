import TailwartWire

/// What a client is told, in its own protocol, when it cannot be served now.
///
/// Always a temporary code: a permanent one for a temporary fault makes senders give mail back at once.
package struct Refusal: Sendable, Equatable {
    package enum Cause: Sendable, CaseIterable {
        /// No endpoint of the upstream can be reached.
        case unavailable
        /// Over a limit.
        case tooManyConnections
        /// Its network may not come in.
        case notAccepted
    }

    /// How a listener's clients are told.
    package enum Manner: Sendable, Equatable {
        /// At once: the client waits for a greeting.
        case words([UInt8])
        /// After the first bytes of the client's hello, an alert.
        case alert
        /// There are no words for a protocol that is not known: the connection is closed.
        case none

        /// What can be said at once to a client that is not waited for, if it has sent these first bytes; nil: nothing.
        package func words(behind bytes: Span<UInt8>) -> [UInt8]? {
            switch self {
            case .words(let words): words
            // Before the hello it would be an answer to nothing.
            case .alert: TLSAlert.isHandshake(bytes) == true ? TLSAlert.internalError.bytes : nil
            case .none: nil
            }
        }
    }

    /// The name that the edge gives itself, as servers do in a 421 (RFC 5321 section 4.2.3): a Domain of section 4.1.2. Nil: the
    /// host's own name.
    package var host: String?
    /// Printable ASCII without quotes and backslashes, 1 to 200 bytes, in place of the edge's own sentence.
    package var text: String?

    package init(host: String? = nil, text: String? = nil) {
        self.host = host
        self.text = text
    }

    /// - Parameter edge: the name of the edge where the file gives none.
    package func manner(for proto: ListenerProtocol, _ cause: Cause, edge: String) -> Manner {
        let host = host ?? edge
        let text = text ?? cause.sentence(for: proto)
        return switch proto {
        // RFC 5321 section 3.8: 421 at any time. The enhanced code is not foreseen in a greeting (RFC 2034 section 4); receivers take it for text, and people read it in their logs.
        case .smtp, .submission: .words(Array("421 \(cause.enhancedCode) \(host) \(text)\r\n".utf8))
        // BYE is one of the three greetings (RFC 9051 section 7.1.5); the code is of RFC 5530 section 3.
        case .imap: .words(Array("* BYE [UNAVAILABLE] \(text)\r\n".utf8))
        // RFC 3206 section 4: the fault is the system's and will pass. Without it clients ask the user for the password.
        case .pop3: .words(Array("-ERR [SYS/TEMP] \(text)\r\n".utf8))
        // RFC 5804 sections 1.2 and 1.3.
        case .sieve: .words(Array("BYE (TRYLATER) \"\(text)\"\r\n".utf8))
        case .submissions, .imaps, .pop3s, .https: .alert
        case .tcp: .none
        }
    }
}

extension Refusal.Cause {
    /// RFC 3463 sections 3.4 ("system not accepting network messages") and 3.8 ("other or undefined security status").
    fileprivate var enhancedCode: String { self == .notAccepted ? "4.7.0" : "4.3.2" }

    fileprivate func sentence(for proto: ListenerProtocol) -> String {
        switch (self, proto) {
        // The words of RFC 5321 section 4.2.3.
        case (.unavailable, .smtp), (.unavailable, .submission):
            "Service not available, closing transmission channel"
        // fetchmail takes these words for a busy server, and most others for a wrong password.
        case (.unavailable, .pop3): "Service temporarily unavailable, please try again later"
        case (.unavailable, _): "The mail server cannot be reached at the moment, please try again later"
        case (.tooManyConnections, _): "Too many connections, please try again later"
        case (.notAccepted, _): "Connections from your address are not accepted at the moment, please try again later"
        }
    }
}
