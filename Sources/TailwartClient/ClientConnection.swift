import Glibc
package import NIOCore
import NIOPosix
package import TailwartWire

/// A connection of the control plane to somebody: lines, bytes and TLS, every step of it with a deadline.
package struct ClientConnection: Sendable {
    /// How long its steps may take.
    package enum Patience: Sendable {
        /// All of them together.
        case until(NIODeadline)
        /// Each of them.
        case each(TimeAmount)

        var deadline: NIODeadline {
            switch self {
            case .until(let deadline): deadline
            case .each(let time): .now() + time
            }
        }
    }

    /// What the other side may send.
    package struct Limits: Sendable {
        /// Bytes of a line with its end. RFC 5321 section 4.5.3.1.5 allows 512 in a reply; capabilities of IMAP are on one line.
        package var line = 4096
        /// Bytes of the whole connection. The longest certificate list that OpenSSL takes is 100 KiB.
        package var total = 256 << 10

        package init() {}

        package init(line: Int, total: Int) {
            self.line = line
            self.total = total
        }
    }

    /// Each copy has its own.
    package var patience: Patience
    private let channel: any Channel
    private let parts: NIOLoopBound<Parts>

    private struct Parts {
        let tap: WireTap
        let inbox: ClientInbox
    }

    /// To read the server's last words and its end, if no time of the conversation is left.
    private static let shortestGoodbye = TimeAmount.milliseconds(500)
    private static let longestGoodbye = TimeAmount.seconds(2)

    /// Connects; given up when the task is cancelled.
    ///
    /// - Parameters:
    ///   - source: the client's own address; nil leaves it to the host.
    ///   - maximumSegment: of TCP, in bytes: what both sides put into one packet; nil: what fits the interface.
    ///   - hearsOut: stays open when the other side has said its end, so that it can be answered.
    /// - Throws: what NIO says.
    package static func open(
        to address: SocketAddress, from source: SocketAddress? = nil, patience: Patience, limits: Limits = Limits(),
        maximumSegment: Int? = nil, hearsOut: Bool = false, group: any EventLoopGroup
    ) async throws -> ClientConnection {
        let attempt = ConnectAttempt()
        let time = max(patience.deadline - .now(), .milliseconds(1))
        var bootstrap = ClientBootstrap(group: group).connectTimeout(time)
            .channelOption(.allowRemoteHalfClosure, value: hearsOut)
            .channelInitializer { channel in
                attempt.began(channel)
                return channel.eventLoop.makeSucceededVoidFuture()
            }
        if let maximumSegment {
            bootstrap = bootstrap.channelOption(
                .tcpOption(NIOBSDSocket.Option(rawValue: TCP_MAXSEG)), value: maximumSegment)
        }
        if let source { bootstrap = bootstrap.bind(to: source) }
        let ready = bootstrap
        return try await withTaskCancellationHandler {
            try await ready.connect(to: address) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let inbox = ClientInbox(maximumLine: limits.line)
                    let tap = WireTap(limit: limits.total) { inbox.finish(.tooMuch) }
                    try channel.pipeline.syncOperations.addHandlers([tap, inbox])
                    let parts = NIOLoopBound(Parts(tap: tap, inbox: inbox), eventLoop: channel.eventLoop)
                    return ClientConnection(patience: patience, channel: channel, parts: parts)
                }
            }
        } onCancel: {
            attempt.cancel()
        }
    }

    /// Both ends of the socket; nil where they are not internet addresses.
    package var addresses: (own: InternetAddress, peer: InternetAddress)? {
        guard let own = InternetAddress(channel.localAddress), let peer = InternetAddress(channel.remoteAddress) else {
            return nil
        }
        return (own, peer)
    }

    /// Does not wait: a server that does not read is noticed by its silence.
    package func send(_ bytes: [UInt8]) { send(ByteBuffer(bytes: bytes)) }

    package func send(_ bytes: ByteBuffer) { channel.writeAndFlush(bytes, promise: nil) }

    /// Waits until the bytes have left.
    ///
    /// - Parameter isLast: whether the client's end goes right behind the bytes, so that the server sees both before it can
    ///   answer. The server may still answer.
    package func write(_ bytes: ByteBuffer, isLast: Bool = false) async throws(ConnectionEnd) {
        let channel = channel
        // A write has no deadline of its own: closing the channel ends it.
        let timeout = channel.eventLoop.scheduleTask(deadline: patience.deadline) { channel.close(promise: nil) }
        defer { timeout.cancel() }
        do {
            try await channel.eventLoop.flatSubmit {
                let written = channel.writeAndFlush(bytes)
                return isLast ? written.flatMap { channel.close(mode: .output) } : written
            }.get()
        } catch let end as ConnectionEnd {
            throw end
        } catch {
            throw .reset
        }
    }

    package func write(_ text: String, isLast: Bool = false) async throws(ConnectionEnd) {
        try await write(ByteBuffer(string: text), isLast: isLast)
    }

    /// A line without its end, of at most ``Limits/line`` bytes.
    package func lineBytes() async throws(ConnectionEnd) -> [UInt8] { Array(buffer: try await take(.line)) }

    /// What is not UTF-8 is replaced.
    package func line() async throws(ConnectionEnd) -> String { String(buffer: try await take(.line)) }

    package func bytes(_ count: Int) async throws(ConnectionEnd) -> ByteBuffer { try await take(.bytes(count)) }

    /// Whatever has arrived, at least one byte.
    package func some() async throws(ConnectionEnd) -> ByteBuffer { try await take(.some) }

    /// Everything up to the server's end.
    package func rest(until limit: NIODeadline? = nil) async throws(ConnectionEnd) -> ByteBuffer {
        try await take(.rest, until: limit)
    }

    /// Waits for more bytes than this, without taking them.
    package func wait(moreThan count: Int = 0, until limit: NIODeadline? = nil) async throws(ConnectionEnd) {
        _ = try await take(.more(than: count), until: limit.map { min($0, patience.deadline) })
    }

    /// What has arrived and not been taken.
    package func received() async -> [UInt8] { await onLoop { Array(buffer: $0.inbox.received) } ?? [] }

    package func drop(_ count: Int) async { await onLoop { $0.inbox.drop(count) } }

    /// The first bytes since the last mark, as they came over the network.
    package func firstBytes() async -> [UInt8] { await onLoop { $0.tap.first } ?? [] }

    /// How long the server has kept silent before its first byte or its end.
    package func delay() async -> TimeAmount { await onLoop { $0.tap.delay } ?? .zero }

    /// The endpoint itself is there; what was said before came from others on the way.
    func begin() async { await onLoop { $0.tap.mark($0.inbox.received.readableBytesView) } }

    /// The server's certificates, its own first.
    package func chain() async -> [Certificate] { await onLoop { $0.inbox.tls?.chain ?? [] } ?? [] }

    /// What TLS is spoken, if it is older than mail programs take (RFC 8996).
    package func outdatedTLS() async -> String? {
        await onLoop { parts in parts.inbox.tls.flatMap { $0.isModern ? nil : $0.version } } ?? nil
    }

    /// Begins TLS and waits for it.
    package func startTLS(
        _ context: TLSContext, serverName: String? = nil, host: String? = nil
    ) async throws(ConnectionEnd) {
        try await beginTLS(context, serverName: serverName, host: host)
        _ = try await take(.handshake)
    }

    /// Begins TLS; what is written and waited for from now on waits for it.
    ///
    /// - Parameters:
    ///   - serverName: not an address; up to 255 bytes without NUL.
    ///   - host: a name or an address that the certificate has to be for; looked at only where the context trusts somebody.
    package func beginTLS(
        _ context: TLSContext, serverName: String? = nil, host: String? = nil
    ) async throws(ConnectionEnd) {
        let failure: ConnectionEnd?? = await onLoop { [channel] parts in
            let inbox = parts.inbox
            guard inbox.received.readableBytes == 0 else {
                let text = Quoted.text(inbox.received.readableBytesView)
                return .tls(TLSFailure("text before the handshake: \(text)"))
            }
            if inbox.end == .closed(.orderly) { return .closed(.duringHandshake) }
            // The wait that follows tells how it ended.
            guard channel.isActive else { return nil }
            parts.tap.mark()
            do {
                let handler = try TLSHandler(context, serverName: serverName, host: host)
                inbox.tls = handler
                try channel.pipeline.syncOperations.addHandler(handler, position: .before(inbox))
                return nil
            } catch {
                return .tls(TLSFailure("\(error)"))
            }
        }
        if case .some(.some(let failure)) = failure { throw failure }
    }

    /// Says goodbye, reads until the server has closed, and closes; all within a second after the deadline.
    ///
    /// - Parameter words: nil where there is nobody to say them to.
    package func end(saying words: [UInt8]?) async {
        if let words {
            send(words)
            let now = NIODeadline.now()
            let patience = min(max(patience.deadline - now, Self.shortestGoodbye), Self.longestGoodbye)
            _ = try? await take(.end, until: now + patience)
        }
        abort()
        try? await channel.closeFuture.get()
    }

    /// Does not wait for the server's goodbye.
    package func abort() { channel.close(promise: nil) }

    private func take(
        _ wanted: ClientInbox.Wanted, until limit: NIODeadline? = nil
    ) async throws(ConnectionEnd) -> ByteBuffer {
        let (parts, loop, limit) = (parts, channel.eventLoop, limit ?? patience.deadline)
        do {
            return try await loop.flatSubmit { parts.value.inbox.take(wanted, until: limit, on: loop) }.get()
        } catch let end as ConnectionEnd {
            throw end
        } catch {
            // The loop is gone, which is when the program ends.
            throw .closed(.orderly)
        }
    }

    /// - Returns: nil when the loop is gone, which is when the program ends.
    private func onLoop<Value: Sendable>(_ body: @escaping @Sendable (Parts) -> Value) async -> Value? {
        let parts = parts
        return try? await channel.eventLoop.submit { body(parts.value) }.get()
    }
}
