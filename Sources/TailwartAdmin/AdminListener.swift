package import NIOCore
import Synchronization
package import TailwartSystem

/// A socket at which the admin interface is asked.
package final class AdminListener: Sendable {
    enum Kind: Sendable, Equatable {
        /// - Parameter group: of the file.
        case local(group: UInt32)
        case remote
    }

    let kind: Kind
    /// Borrowed: to be used while this object is held.
    let socket: Socket
    private let listening: Mutex<ListeningSocket>

    package init(_ listening: consuming ListeningSocket) {
        kind = listening.group.map { .local(group: $0) } ?? .remote
        socket = listening.socket
        self.listening = Mutex(listening)
    }

    func close() { listening.withLock { $0.close() } }

    deinit { close() }
}

/// What the admin interface gives to callers, and no more: none of them may cost the edge anything.
package struct AdminLimits: Sendable {
    /// Connections at a time: over the Unix socket, and as many over TCP.
    package var callers = 64
    /// Those of both that read events.
    package var streams = 16
    /// Beyond these, connections that are told that there are too many.
    package var turnedAway = 16
    /// Bytes of the head of a request: what curl and browsers send is a tenth of that.
    package var head = 16 << 10
    package var fields = 100
    /// Bytes of a target.
    package var target = 2048
    /// Bytes of a body, which no order needs.
    package var body = 64 << 10
    /// From the first byte of a request to its last.
    package var request = TimeAmount.seconds(10)
    /// Between two requests, and before the first.
    package var idle = TimeAmount.seconds(30)
    /// For making an answer and taking all of it.
    package var answer = TimeAmount.seconds(30)
    /// For making an answer that takes a while: longer than the longest that ``AdminView/probe`` waits.
    package var later = TimeAmount.seconds(90)
    /// For taking the next bytes of a stream.
    package var stall = TimeAmount.seconds(10)
    /// Of silence, until a line shows that the stream is still there.
    package var heartbeat = TimeAmount.seconds(15)
    /// For leaving after the last answer.
    package var goodbye = TimeAmount.seconds(1)

    package init() {}
}
