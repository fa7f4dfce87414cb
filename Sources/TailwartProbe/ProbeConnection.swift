import NIOCore
import NIOPosix
import NIOSSL
import TailwartWire

/// A connection to an endpoint, every step of it with a deadline.
struct ProbeConnection: Sendable {
    /// The whole probe is over by then, but for the goodbye.
    let deadline: NIODeadline
    private let channel: any Channel
    private let parts: NIOLoopBound<(tap: ProbeTap, inbox: ProbeInbox)>

    /// To read the server's last words and its end, if no time of the probe is left.
    private static let shortestGoodbye = TimeAmount.milliseconds(500)
    private static let longestGoodbye = TimeAmount.seconds(2)
    /// For the other side's close_notify.
    static let tlsGoodbye = TimeAmount.milliseconds(300)

    static func open(
        to address: SocketAddress, deadline: NIODeadline, group: any EventLoopGroup
    ) async throws -> ProbeConnection {
        let patience = max(deadline - .now(), .milliseconds(1))
        let attempt = ConnectAttempt()
        let bootstrap = ClientBootstrap(group: group).connectTimeout(patience).channelInitializer { channel in
            attempt.began(channel)
            return channel.eventLoop.makeSucceededVoidFuture()
        }
        return try await withTaskCancellationHandler {
            try await connect(bootstrap, to: address, deadline: deadline)
        } onCancel: {
            attempt.cancel()
        }
    }

    private static func connect(
        _ bootstrap: ClientBootstrap, to address: SocketAddress, deadline: NIODeadline
    ) async throws -> ProbeConnection {
        try await bootstrap.connect(to: address) { channel in
            channel.eventLoop.makeCompletedFuture {
                let inbox = ProbeInbox()
                let tap = ProbeTap { inbox.finish(.tooMuch) }
                try channel.pipeline.syncOperations.addHandlers([tap, inbox])
                return ProbeConnection(
                    deadline: deadline, channel: channel,
                    parts: NIOLoopBound((tap, inbox), eventLoop: channel.eventLoop))
            }
        }
    }

    /// Both ends of the socket; nil where they are not internet addresses.
    var addresses: (own: InternetAddress, peer: InternetAddress)? {
        guard let own = InternetAddress(channel.localAddress), let peer = InternetAddress(channel.remoteAddress) else {
            return nil
        }
        return (own, peer)
    }

    /// Does not wait: a server that does not read is noticed by its silence.
    func send(_ bytes: [UInt8]) { channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }

    func line() async -> Arrival { await take(.line, until: deadline) }

    /// Waits for more bytes than this, without taking them.
    func bytes(moreThan count: Int = 0, until limit: NIODeadline? = nil) async -> Arrival {
        await take(.bytes(moreThan: count), until: limit.map { min($0, deadline) } ?? deadline)
    }

    /// What has arrived and not been taken.
    func received() async -> [UInt8] {
        await onLoop { Array($0.inbox.received.readableBytesView) } ?? []
    }

    func drop(_ count: Int) async { await onLoop { $0.inbox.drop(count) } }

    /// The first bytes since the last mark, as they came over the network.
    func firstBytes() async -> [UInt8] { await onLoop { $0.tap.first } ?? [] }

    /// How long the server has kept silent before its first byte or its end.
    func delay() async -> TimeAmount { await onLoop { $0.tap.delay } ?? .zero }

    /// The endpoint itself is there; what was said before came from others on the way.
    func begin() async { await onLoop { $0.tap.mark($0.inbox.received.readableBytesView) } }

    /// The server's certificates as DER, its own first.
    func chain() async -> [[UInt8]] {
        await onLoop { $0.inbox.chain.compactMap { try? $0.toDERBytes() } } ?? []
    }

    /// - Parameter serverName: not an address; up to 255 bytes without NUL.
    func startTLS(_ context: NIOSSLContext, serverName: String?) async -> Arrival {
        let failure: Arrival?? = await onLoop { [channel] parts -> Arrival? in
            let inbox = parts.inbox
            guard inbox.received.readableBytes == 0 else {
                return .end(.tls("text before the handshake: \(Quoted.text(inbox.received.readableBytesView))"))
            }
            guard channel.isActive else { return nil }
            parts.tap.mark()
            do {
                let handler = try NIOSSLClientHandler(context: context, serverHostname: serverName) { chain, promise in
                    // Whoever the server is, it is looked at first and judged afterwards.
                    inbox.chain = chain
                    promise.succeed(.certificateVerified)
                }
                try channel.pipeline.syncOperations.addHandler(handler, position: .before(inbox))
                return nil
            } catch {
                return .end(.tls(Quoted.text("\(error)".utf8)))
            }
        }
        if case .some(.some(let failure)) = failure { return failure }
        return await take(.handshake, until: deadline)
    }

    /// Says goodbye, reads until the server has closed, and closes; all within a second after the deadline.
    ///
    /// - Parameter words: nil where there is nobody to say them to.
    func end(saying words: String?) async {
        if let words {
            send(Array("\(words)\r\n".utf8))
            let now = NIODeadline.now()
            let patience = min(max(deadline - now, Self.shortestGoodbye), Self.longestGoodbye)
            _ = await take(.end, until: now + patience)
        }
        abort()
        // NIOSSL gives up waiting for the other side's close_notify after ``tlsGoodbye``.
        try? await channel.closeFuture.get()
    }

    func abort() { channel.close(promise: nil) }

    private func take(_ wanted: ProbeInbox.Wanted, until limit: NIODeadline) async -> Arrival {
        let (parts, loop) = (parts, channel.eventLoop)
        let arrival = try? await loop.flatSubmit { parts.value.inbox.take(wanted, until: limit, on: loop) }.get()
        return arrival ?? .end(.closed)
    }

    /// - Returns: nil when the loop is gone, which is when the program ends.
    private func onLoop<Value: Sendable>(
        _ body: @escaping @Sendable ((tap: ProbeTap, inbox: ProbeInbox)) -> Value
    ) async -> Value? {
        let parts = parts
        return try? await channel.eventLoop.submit { body(parts.value) }.get()
    }
}
