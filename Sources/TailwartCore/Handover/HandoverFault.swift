/// Why a handover of the listening sockets came to nothing. The old process serves then.
package enum HandoverFault: Error, Sendable, Equatable {
    /// The other side speaks this version of the messages.
    case version(UInt16)
    /// Another process is taking over already.
    case busy
    /// So many processes that were taken over from drain still.
    case crowded(Int)
    /// The old process is on its way to its end.
    case stopping
    /// It was not done within ``HandoverTiming/limit``.
    case tooLate
    /// The other process has ended, or closed the connection.
    case peerEnded
    /// The other process gave it up, and says why.
    case peerGaveUp(String)
    /// What came is not what comes here.
    case confused
    /// The new process cannot serve: an address that cannot be listened on, threads that cannot be made.
    case notPrepared(String)

    package var sentence: String {
        switch self {
        case .version(let version):
            "the other process speaks version \(version) of the handover: stop and start once in place of a takeover"
        case .busy: "another process is taking over: wait for it"
        case .crowded(let count):
            "\(count) processes before this one still let their connections finish: wait for them, or lower 'drain'"
        case .stopping: "the running edge is stopping: start when it has ended"
        case .tooLate: "it was not done in time: see how busy the host is"
        case .peerEnded: "the other process has ended"
        case .peerGaveUp(let reason): reason
        case .confused: "the other process sent what does not belong there: both must be Tailwart"
        case .notPrepared(let reason): reason
        }
    }
}

/// How long the two sides of a handover wait, in microseconds.
package enum HandoverTiming {
    /// From the first message to the end.
    package static let limit: UInt64 = 10_000_000
    /// What has nothing left to do but to answer may take so long, and nobody accepts meanwhile. So a client waits no longer than this for a
    /// process that is stopped, or hangs.
    package static let patience: UInt64 = 500_000
}
