import NIOCore
import TailwartClient
import TailwartCore

/// What it means that nothing more comes.
extension Interview {
    /// Before the first line.
    func silence(_ end: ConnectionEnd) async -> Finding {
        let bytes = await connection.firstBytes()
        switch end {
        case .tls(let reason): return Finding(.tlsFailed, "TLS broke before the greeting: \(reason).")
        case .tooMuch:
            return Finding(
                .wrongProtocol, "In place of a greeting came a long text without lines: \(Quoted.text(bytes)).")
        default: break
        }
        // Over implicit TLS the handshake has shown already who is there.
        guard proto.firstSpeaker == .server else {
            return end == .deadline
                ? Finding(.silent, "TLS is on, and no greeting came in time.")
                : Finding(.busy, "The server closed the connection after the TLS handshake, without a greeting.")
        }
        guard bytes.isEmpty else { return fragment(bytes, end) }
        switch end {
        case .deadline:
            return Finding(
                .silent,
                hasHeader
                    ? "The PROXY header was sent, and nothing came in time."
                    : "Nothing came in time, as from a server that waits for a PROXY header.",
                doubt: .encryption)
        default:
            if hasHeader { return .bannedOnHeader }
            return await hasWaited()
                ? Finding(
                    .silent,
                    "After some seconds the server closed without a byte, as one does that waits for a PROXY header.")
                : Finding(.banned, "The server closed the connection without a byte.")
        }
    }

    /// Some bytes and no line.
    private func fragment(_ bytes: [UInt8], _ end: ConnectionEnd) -> Finding {
        if Greeting(bytes) == .tls {
            return Finding(.wrongProtocol, "The server answers with a TLS record: it wants TLS from the first byte.")
        }
        return end == .deadline
            ? Finding(.silent, "The server stopped in the middle of its first line: \(Quoted.text(bytes)).")
            : Finding(.wrongProtocol, "The server closed the connection after \(Quoted.text(bytes)).")
    }

    /// After at least one line.
    func interruption(_ end: ConnectionEnd, after last: ServerLine, goodbye: String) -> Finding {
        switch end {
        case .deadline:
            Finding(.silent, "The server stopped answering after \(last.quoted).", goodbye: goodbye)
        case .closed, .reset: Finding(.busy, "The server closed the connection after \(last.quoted).")
        case .tooMuch: Finding(.wrongProtocol, "After \(last.quoted) came a text without an end.")
        case .tls(let reason): Finding(.tlsFailed, "TLS broke: \(reason).")
        }
    }
}

extension Finding {
    static let bannedOnHeader = Finding(
        .banned, "The server closed the connection without a byte when it had the header.", doubt: .ban)
}
