import NIOCore
import NIOSSL

/// The receiving end of a ``ClientConnection``: keeps what arrives until it is asked for. Used on the event loop only.
final class ClientInbox: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    enum Wanted {
        /// Up to the next CR LF, without it.
        case line
        case bytes(Int)
        /// Everything until the server says its end.
        case rest
    }

    /// Bytes held for the self-test, which asks for about one MiB at most.
    private static let capacity = 4 << 20

    /// Of the server, once something protected has arrived.
    private(set) var peerCertificate: NIOSSLCertificate?
    private var received = ByteBuffer()
    /// The first reason why no more will come.
    private var end: (failure: CheckFailure, isClean: Bool)?
    private var waiter: (wanted: Wanted, promise: EventLoopPromise<ByteBuffer>, timeout: Scheduled<Void>)?

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if peerCertificate == nil {
            peerCertificate = (try? context.pipeline.syncOperations.nioSSL_peerCertificate()) ?? nil
        }
        received.writeImmutableBuffer(unwrapInboundIn(data))
        if received.readableBytes > Self.capacity {
            finish("more than \(Self.capacity) bytes arrived", isClean: false)
            context.close(promise: nil)
        }
        serve()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event {
            finish("the connection was closed", isClean: true)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish("the connection was closed", isClean: true)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let isTLS = error is NIOSSLError || error is NIOSSLExtraError || error is BoringSSLError
        if isTLS, "\(error)".firstRange(of: "EOF during handshake") != nil {
            finish("the connection was closed during the TLS handshake", isClean: false)
        } else {
            finish("\(isTLS ? "TLS failed" : "the connection broke"): \(error)", isClean: false)
        }
        context.close(promise: nil)
    }

    func take(_ wanted: Wanted, deadline: TimeAmount, on loop: any EventLoop) -> EventLoopFuture<ByteBuffer> {
        let promise = loop.makePromise(of: ByteBuffer.self)
        guard waiter == nil else {
            promise.fail(CheckFailure("two readers of one connection"))
            return promise.futureResult
        }
        let timeout = loop.assumeIsolated().scheduleTask(in: deadline) {
            self.waiter = nil
            promise.fail(
                CheckFailure(
                    "nothing more within \(deadline.nanoseconds / 1_000_000) ms, \(self.received.readableBytes) bytes before"
                ))
        }
        waiter = (wanted, promise, timeout)
        serve()
        return promise.futureResult
    }

    private func finish(_ reason: String, isClean: Bool) {
        if end == nil { end = (CheckFailure(reason), isClean) }
        serve()
    }

    private func serve() {
        guard let (wanted, promise, timeout) = waiter else { return }
        if let bytes = extract(wanted) {
            waiter = nil
            timeout.cancel()
            promise.succeed(bytes)
        } else if let end {
            waiter = nil
            timeout.cancel()
            promise.fail(end.failure)
        }
    }

    private func extract(_ wanted: Wanted) -> ByteBuffer? {
        switch wanted {
        case .line:
            let view = received.readableBytesView
            guard let lineFeed = view.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
            let length = lineFeed - view.startIndex
            guard let line = received.readSlice(length: length) else { return nil }
            received.moveReaderIndex(forwardBy: 1)
            let hasReturn = line.readableBytesView.last == UInt8(ascii: "\r")
            return line.getSlice(at: line.readerIndex, length: length - (hasReturn ? 1 : 0))
        case .bytes(let count):
            return received.readSlice(length: count)
        case .rest:
            guard let end, end.isClean else { return nil }
            return received.readSlice(length: received.readableBytes)
        }
    }
}
