/// The deadlines of a listener's connections.
package struct Timeouts: Sendable, Equatable {
    /// From the first dial of an address to its answer; each address has its own.
    package var connect: Duration
    /// From accept (or the PROXY header) to a whole ClientHello.
    package var hello: Duration
    /// Silence of both sides while relaying.
    package var idle: Duration
    /// Silence after one side has finished.
    package var halfClosed: Duration

    package static let defaultConnect = Duration.seconds(5)
    package static let defaultHello = Duration.seconds(10)
    package static let defaultHalfClosed = Duration.seconds(60)

    package init(
        connect: Duration = defaultConnect, hello: Duration = defaultHello, idle: Duration,
        halfClosed: Duration = defaultHalfClosed
    ) {
        self.connect = connect
        self.hello = hello
        self.idle = idle
        self.halfClosed = halfClosed
    }

    package init(for proto: ListenerProtocol) {
        self.init(idle: proto.defaultIdle)
    }
}
