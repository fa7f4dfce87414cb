import NIOCore

/// The receiving end of a ``ClientConnection``: keeps what arrives until somebody waits for it. Used on the event loop only.
final class ClientInbox: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// What a wait waits for.
    enum Wanted {
        /// Up to the next LF, without it and without a CR before it.
        case line
        case bytes(Int)
        /// Whatever there is, if only one byte.
        case some
        /// More bytes than this, without taking them.
        case more(than: Int)
        /// Everything until the other side says its end.
        case rest
        case handshake
        /// Only the end; what arrives before is dropped.
        case end
    }

    private(set) var received = ByteBuffer()
    /// Set while TLS is on or begins.
    var tls: TLSHandler?
    private let maximumLine: Int
    private var isHandshaken = false
    private(set) var end: ConnectionEnd?
    private var waiter: (wanted: Wanted, promise: EventLoopPromise<ByteBuffer>, timeout: Scheduled<Void>)?

    /// - Parameter maximumLine: bytes of a line with its end.
    init(maximumLine: Int) { self.maximumLine = maximumLine }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received.writeImmutableBuffer(unwrapInboundIn(data))
        serve()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case TLSHandler.Event.handshaken:
            isHandshaken = true
            serve()
        case ChannelEvent.inputClosed: finish(.closed(.orderly))
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish(.closed(.orderly))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        finish(ConnectionEnd(error))
        context.close(promise: nil)
    }

    /// The first reason holds.
    func finish(_ reason: ConnectionEnd) {
        if end == nil { end = reason }
        serve()
    }

    /// - Returns: what was waited for, empty where nothing is taken; fails with a ``ConnectionEnd``.
    func take(_ wanted: Wanted, until deadline: NIODeadline, on loop: any EventLoop) -> EventLoopFuture<ByteBuffer> {
        let promise = loop.makePromise(of: ByteBuffer.self)
        guard waiter == nil else {
            promise.fail(ConnectionEnd.deadline)
            return promise.futureResult
        }
        let timeout = loop.assumeIsolated().scheduleTask(deadline: deadline) { self.answer(.failure(.deadline)) }
        waiter = (wanted, promise, timeout)
        serve()
        return promise.futureResult
    }

    /// Takes away bytes that were seen by waiting for more of them.
    func drop(_ count: Int) { received.moveReaderIndex(forwardBy: min(count, received.readableBytes)) }

    private func serve() {
        guard let wanted = waiter?.wanted else { return }
        if let result = extract(wanted) {
            answer(result)
        } else if let end {
            answer(.failure(end))
        }
    }

    private func answer(_ result: Result<ByteBuffer, ConnectionEnd>) {
        guard let (_, promise, timeout) = waiter else { return }
        waiter = nil
        timeout.cancel()
        switch result {
        case .success(let bytes): promise.succeed(bytes)
        case .failure(let end): promise.fail(end)
        }
    }

    private func extract(_ wanted: Wanted) -> Result<ByteBuffer, ConnectionEnd>? {
        switch wanted {
        case .line: return line()
        case .bytes(let count): return received.readSlice(length: count).map { .success($0) }
        case .some: return received.readableBytes > 0 ? .success(takeAll()) : nil
        case .more(let count): return received.readableBytes > count ? .success(ByteBuffer()) : nil
        case .rest: return end == .closed(.orderly) ? .success(takeAll()) : nil
        case .handshake: return isHandshaken ? .success(ByteBuffer()) : nil
        case .end:
            received.clear()
            return nil
        }
    }

    private func takeAll() -> ByteBuffer {
        defer { received = ByteBuffer() }
        return received
    }

    private func line() -> Result<ByteBuffer, ConnectionEnd>? {
        let view = received.readableBytesView
        guard let lineFeed = view.prefix(maximumLine).firstIndex(of: UInt8(ascii: "\n")) else {
            return view.count < maximumLine ? nil : .failure(.tooMuch)
        }
        var line = view[view.startIndex..<lineFeed]
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        let taken = ByteBuffer(line)
        received.moveReaderIndex(forwardBy: lineFeed - view.startIndex + 1)
        return .success(taken)
    }
}
