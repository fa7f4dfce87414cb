import TailwartWire

/// Why tailscaled gave no answer that can be used.
package enum LocalAPIError: Error, Sendable, Equatable, CustomStringConvertible {
    /// There is nothing at the path.
    case socketMissing(String)
    /// The socket, or a folder on the way to it, may not be entered.
    case notPermitted(String)
    /// The socket is there and nobody listens: a tailscaled that is gone left it behind.
    case refused(String)
    /// The path cannot be connected to for another reason, in words.
    case notUsable(String, reason: String)
    case timedOut(Duration)
    /// HTTP with a status other than 200, and the beginning of what it said.
    case status(Int, String)
    /// No HTTP, or it broke off, in words.
    case badAnswer(String)
    /// More bytes than any tailnet needs.
    case tooLong(limit: Int)
    /// HTTP, but the body is not what was asked for, in words.
    case notJSON(String)
    /// The ping failed, in tailscaled's words.
    case pingFailed(String)

    /// For logs, JSON and comparing: what kind of failure it is.
    package var name: String {
        switch self {
        case .socketMissing: "socket_missing"
        case .notPermitted: "not_permitted"
        case .refused: "refused"
        case .notUsable: "not_usable"
        case .timedOut: "timeout"
        case .status: "status"
        case .badAnswer: "bad_answer"
        case .tooLong: "too_long"
        case .notJSON: "not_json"
        case .pingFailed: "ping_failed"
        }
    }

    /// What happened, as a sentence without a full stop.
    package var sentence: String {
        switch self {
        case .socketMissing(let path): "tailscaled is not there: no socket at \(path)"
        case .notPermitted(let path): "tailscaled cannot be asked: no permission for \(path)"
        case .refused(let path): "tailscaled is gone: nobody listens at \(path)"
        case .notUsable(let path, let reason): "tailscaled cannot be asked at \(path): \(reason)"
        case .timedOut(let limit): "tailscaled did not answer within \(limit)"
        case .status(let code, let text): "tailscaled answered with HTTP \(code)\(text.isEmpty ? "" : ": \(text)")"
        case .badAnswer(let reason): "what answers is not tailscaled, or it broke off: \(reason)"
        case .tooLong(let limit): "tailscaled's answer is longer than \(limit >> 20) MiB"
        case .notJSON(let reason): "tailscaled's answer cannot be read: \(reason)"
        case .pingFailed(let reason): "the ping failed: \(reason)"
        }
    }

    /// What to do.
    package var fix: String {
        switch self {
        case .socketMissing:
            "start tailscaled (sudo systemctl start tailscaled), or name its socket in the file: tailscale: {socket: PATH}; "
                + "in a container, mount the folder above the socket"
        case .notPermitted:
            "let the user that runs the edge reach the socket: every folder on the way needs x, the socket rw"
        case .refused:
            "start tailscaled; if it runs, a container holds the socket of one that was restarted: mount the folder above "
                + "/run/tailscale or /run, and restart the container"
        case .notUsable: "name tailscaled's socket in the file: tailscale: {socket: PATH}"
        case .timedOut: "look at tailscaled: journalctl -u tailscaled; restart it if it hangs"
        case .status(403, _): "let the user that runs the edge ask: sudo tailscale set --operator=USER"
        case .status(404, _): "update tailscale: this version does not know the question"
        case .status: "look at tailscaled: journalctl -u tailscaled"
        case .badAnswer, .tooLong, .notJSON: "is the path in tailscale: {socket: PATH} that of tailscaled?"
        case .pingFailed: "look at the peer: tailscale status, and whether its tailscaled runs"
        }
    }

    package var description: String { "\(sentence); \(fix)" }
}
