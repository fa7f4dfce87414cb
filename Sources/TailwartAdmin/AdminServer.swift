import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import TailwartSystem
import TailwartWire

/// The admin interface: HTTP on a Unix socket and, if asked for, on addresses of TCP. On an event loop of its own, which waits for no
/// caller, and for which no client of the edge ever waits.
package final class AdminServer: Sendable {
    /// What takes a moment is done here: one order or request each.
    private static let threads = 2
    /// Milliseconds that answers may take to be sent when the interface ends.
    private static let patience: UInt64 = 1000
    /// Connections that wait to be accepted.
    private static let backlog: Int32 = 64

    private let group: MultiThreadedEventLoopGroup
    private let pool: NIOThreadPool
    private let listeners: [AdminListener]
    private let crowd: AdminCrowd

    /// Answers from now on.
    package convenience init(
        _ view: AdminView, at listeners: [AdminListener], limits: AdminLimits = AdminLimits()
    ) throws {
        try self.init(answering: AdminRoutes(view: view), at: listeners, limits)
    }

    /// Takes the webhook of a mail server from now on.
    package convenience init(
        _ webhook: AdminWebhook, at listeners: [AdminListener], limits: AdminLimits = .webhook
    ) throws {
        try self.init(answering: webhook, at: listeners, limits)
    }

    private init(answering routes: any AdminAnswering, at listeners: [AdminListener], _ limits: AdminLimits) throws {
        let crowd = AdminCrowd(answered: try Waker())
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let pool = NIOThreadPool(numberOfThreads: Self.threads)
        pool.start()
        self.group = group
        self.pool = pool
        self.listeners = listeners
        self.crowd = crowd
        let parts = AdminHandler.Parts(
            routes: routes, limits: limits, pool: pool, crowd: crowd)
        do {
            for listener in listeners {
                // A copy, since SwiftNIO closes what it is given.
                let copy = fcntl(listener.socket.raw, F_DUPFD_CLOEXEC, 0)
                guard copy >= 0 else { throw SystemError("fcntl") }
                _ = try ServerBootstrap(group: group)
                    .serverChannelOption(.backlog, value: Self.backlog)
                    .childChannelOption(.allowRemoteHalfClosure, value: true)
                    // What a connection may have unread, and unsent before its reader counts as slow.
                    .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 16 << 10))
                    .childChannelOption(.maxMessagesPerRead, value: 1)
                    .childChannelOption(
                        .writeBufferWaterMark, value: .init(low: 16 << 10, high: AdminHandler.comfort)
                    )
                    .childChannelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try Self.prepare(channel, listener.kind, parts)
                        }
                    }
                    .withBoundSocket(copy).wait()
            }
        } catch {
            stop()
            throw error
        }
    }

    private static func prepare(_ channel: any Channel, _ kind: AdminListener.Kind, _ parts: AdminHandler.Parts) throws
    {
        let pipeline = channel.pipeline.syncOperations
        let caller =
            try pipeline.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { raw -> AdminCaller in
                let socket = Socket(raw: raw)
                return switch kind {
                case .local(let group): .local(socket.peer, group: group)
                case .remote: .remote(at: socket.localAddress() ?? InternetAddress(.anyV4, port: 0))
                }
            }
        let place = parts.crowd.enter(kind, parts.limits)
        channel.closeFuture.whenComplete { _ in parts.crowd.leave(kind) }
        guard let caller, place != .none else { throw ChannelError.ioOnClosedChannel }
        let handler = AdminHandler(parts, caller, isTurnedAway: place == .turnedAway)
        var decoder = NIOHTTPDecoderLimitConfiguration()
        decoder.maxHeaderFieldSize = parts.limits.head
        decoder.maxHeaderListSize = parts.limits.head
        decoder.maxHeaderFieldCount = parts.limits.fields
        try pipeline.addHandler(AdminByteWatch(handler))
        try pipeline.configureHTTPServerPipeline(
            withErrorHandling: false, withEncoderConfiguration: .init(), withDecoderLimitConfiguration: decoder)
        try pipeline.addHandler(handler)
    }

    /// Closes all connections and sockets, and waits until that is done. Who has asked, as for this end, is answered before.
    package func stop() {
        crowd.waitForAnswers(patience: Self.patience)
        try? group.syncShutdownGracefully()
        try? pool.syncShutdownGracefully()
        for listener in listeners { listener.close() }
    }
}

/// How many callers there are.
final class AdminCrowd: Sendable {
    enum Place: Sendable {
        case caller
        /// Is told that there are too many.
        case turnedAway
        case none
    }

    private let local = Atomic<Int>(0)
    private let remote = Atomic<Int>(0)
    private let streams = Atomic<Int>(0)
    private let answers = Atomic<Int>(0)
    private let isEnding = Atomic<Bool>(false)
    /// Rung at the end, when nobody waits for an answer any more.
    private let answered: Waker

    init(answered: Waker) { self.answered = answered }

    func enter(_ kind: AdminListener.Kind, _ limits: AdminLimits) -> Place {
        let count =
            switch kind {
            case .local: local.add(1, ordering: .relaxed).newValue
            case .remote: remote.add(1, ordering: .relaxed).newValue
            }
        return count <= limits.callers ? .caller : count <= limits.callers + limits.turnedAway ? .turnedAway : .none
    }

    func leave(_ kind: AdminListener.Kind) {
        switch kind {
        case .local: local.subtract(1, ordering: .relaxed)
        case .remote: remote.subtract(1, ordering: .relaxed)
        }
    }

    func beginAnswer() { answers.add(1, ordering: .relaxed) }

    func endAnswer() {
        let left = answers.subtract(1, ordering: .sequentiallyConsistent).newValue
        // A system call for each answer would be dear.
        if left == 0, isEnding.load(ordering: .sequentiallyConsistent) { answered.ring() }
    }

    /// - Parameter patience: milliseconds.
    func waitForAnswers(patience: UInt64) {
        isEnding.store(true, ordering: .sequentiallyConsistent)
        _ = answered.wait(within: patience) { answers.load(ordering: .sequentiallyConsistent) == 0 }
    }

    /// - Returns: whether one more may read events; if not it is not counted.
    func beginStream(_ limits: AdminLimits) -> Bool {
        if streams.add(1, ordering: .relaxed).newValue <= limits.streams { return true }
        endStream()
        return false
    }

    func endStream() { streams.subtract(1, ordering: .relaxed) }
}
