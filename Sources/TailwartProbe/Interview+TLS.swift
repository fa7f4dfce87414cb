import NIOCore
import TailwartClient
import TailwartCore

/// The handshake and what its failures mean.
extension Interview {
    /// - Parameter afterCommand: the server has agreed to TLS in its own protocol.
    /// - Returns: nil when TLS is on.
    func handshake(afterCommand: Bool) async -> Finding? {
        let end: ConnectionEnd
        do throws(ConnectionEnd) {
            try await connection.startTLS(tls, serverName: serverName)
            return await connection.outdatedTLS().map { version in
                Finding(
                    .tlsFailed, "The server speaks \(version) and nothing newer, which mail programs refuse.",
                    goodbye: afterCommand ? Greeting(proto).goodbye : nil)
            }
        } catch {
            end = error
        }
        let bytes = await connection.firstBytes()
        guard let first = bytes.first else { return nothingAnswered(end, afterCommand: afterCommand) }
        switch first {
        case 21 where isRefusalOfName(bytes):
            return Finding(
                .nameRefused,
                """
                The server answers a handshake \(serverName == nil ? "for no name" : "for this name") with the TLS alert \
                \(Self.alert(bytes)).
                """)
        case 21: return Finding(.tlsFailed, "The server answers the handshake with the TLS alert \(Self.alert(bytes)).")
        case 20, 22, 23: return Finding(.tlsFailed, Self.sentence(end), doubt: end == .deadline ? .size : nil)
        default:
            guard !afterCommand else {
                return Finding(.tlsFailed, "In place of a TLS handshake came \(Quoted.text(bytes)).")
            }
            return await plainText()
        }
    }

    /// The server speaks without TLS on a port where TLS comes first.
    func plainText() async -> Finding {
        let bytes = await connection.firstBytes()
        let greeting = Greeting(bytes)
        // Postfix takes the ClientHello for a header that is broken, and says so in SMTP.
        if await saysThatHeaderIsMissing() {
            return .headerMissing(
                "The server answers the TLS handshake with \(Quoted.text(bytes.firstLine)).", wasSent: hasHeader)
        }
        if greeting == .tls {
            return Finding(.tlsFailed, "The server sends TLS records before it is asked to.")
        }
        if await beginsWithHeader() { return .headerFromThere }
        guard greeting != .unknown else {
            return Finding(.wrongProtocol, "In place of a TLS handshake came \(Quoted.text(bytes)).")
        }
        var finding = Finding(
            .wrongProtocol, "The server greets like \(greeting.name) without TLS: \(Quoted.text(bytes.firstLine)).",
            goodbye: greeting.goodbye, doubt: hasHeader && greeting == .http ? .header : nil)
        finding.greeter.server = MailServer(greeting: String(decoding: bytes.firstLine, as: UTF8.self))
        return finding
    }

    /// Whether a web server has nothing for the name that was asked for; where none was, most of what it may say.
    private func isRefusalOfName(_ bytes: [UInt8]) -> Bool {
        guard proto == .https, bytes.count >= 7 else { return false }
        // unrecognized_name (RFC 6066 section 3); handshake_failure and internal_error, as HAProxy and Go say it.
        return bytes[6] == 112 || serverName == nil && [40, 80].contains(bytes[6])
    }

    private func nothingAnswered(_ end: ConnectionEnd, afterCommand: Bool) -> Finding {
        switch end {
        case .deadline:
            return Finding(.silent, "The TLS handshake was begun, and nothing came in time.", doubt: .size)
        case .closed, .reset:
            guard !hasHeader, !afterCommand else {
                return Finding(
                    .tlsFailed, "The server closed the connection in place of a handshake.",
                    doubt: afterCommand ? nil : .header)
            }
            return Finding(
                .tlsFailed,
                "The server closed without a byte when TLS was begun, as one does that waits for a PROXY header.",
                doubt: proto == .https ? .missingHeader : nil)
        case .tooMuch, .tls: return Finding(.tlsFailed, Self.sentence(end))
        }
    }

    /// What a server has to say that was sent a header, and no hello behind it yet. One that knows about headers waits for the hello; so
    /// an alert before that one proves that the header was taken for a record of TLS. Mailboxes count commands and no records, so it
    /// costs nothing.
    ///
    /// - Returns: nil if the server waits.
    func complaint() async -> Finding? {
        do throws(ConnectionEnd) {
            try await connection.wait(until: .now() + pause)
        } catch {
            guard error != .deadline else { return nil }
            var finding = Finding.bannedOnHeader
            finding.doubt = .header
            return finding
        }
        let bytes = await connection.firstBytes()
        guard bytes.first == 21 else { return await plainText() }
        return Finding(
            .headerNotTrusted,
            "The server takes the header for a broken TLS record and answers with the alert \(Self.alert(bytes)).",
            isFree: true)
    }

    /// Before any key is agreed on an alert is readable: type 21, version, length 2, level, description (RFC 8446 section 6).
    private static func alert(_ bytes: [UInt8]) -> String {
        guard bytes.count >= 7 else { return "cut short" }
        return alertNames[bytes[6]] ?? "\(bytes[6])"
    }

    /// RFC 8446 section 6.
    private static let alertNames: [UInt8: String] = [
        0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 22: "record_overflow",
        40: "handshake_failure", 42: "bad_certificate", 47: "illegal_parameter", 48: "unknown_ca",
        49: "access_denied", 50: "decode_error", 51: "decrypt_error", 70: "protocol_version",
        71: "insufficient_security", 80: "internal_error", 90: "user_canceled", 109: "missing_extension",
        110: "unsupported_extension", 112: "unrecognized_name", 116: "certificate_required",
        120: "no_application_protocol",
    ]

    private static func sentence(_ end: ConnectionEnd) -> String {
        switch end {
        case .deadline: "The TLS handshake did not finish in time."
        case .closed, .reset: "The server closed the connection during the TLS handshake."
        case .tooMuch: "The TLS handshake is longer than any that is known."
        case .tls(let reason): "The TLS handshake fails: \(reason)."
        }
    }
}

extension [UInt8] {
    /// Up to the first CR or LF.
    fileprivate var firstLine: ArraySlice<UInt8> { prefix { $0 != 13 && $0 != 10 } }
}
