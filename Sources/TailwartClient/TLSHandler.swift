package import NIOCore

/// TLS on a channel, as client or server. Used on the event loop only.
///
/// - Fires ``Event/handshaken`` when TLS is on, and a ``ConnectionEnd`` as error where it fails or is cut off.
/// - What is written before the handshake is done waits for it, up to ``maximumPending`` bytes.
/// - Closing says close_notify and waits a moment for the other side's, so that no reset destroys the last words.
package final class TLSHandler: ChannelDuplexHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = ByteBuffer
    package typealias OutboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    package enum Event: Sendable {
        case handshaken
    }

    private enum Phase {
        case handshake
        case open
        /// Our goodbye is said, the other side's is waited for.
        case closing
        case closed
    }

    /// Bytes that wait for the handshake.
    static let maximumPending = 1 << 20

    private let engine: TLSEngine
    private let goodbye: TimeAmount
    private var phase = Phase.handshake
    private var hasBegun = false
    private var hasSaidGoodbye = false
    /// The other side has said its end, in TLS or without.
    private var isInputClosed = false
    private var pending: [(bytes: ByteBuffer, promise: EventLoopPromise<Void>?)] = []
    private var pendingBytes = 0
    private var patience: Scheduled<Void>?
    private var closePromise: EventLoopPromise<Void>?

    /// - Parameters:
    ///   - serverName: for a client to ask for; not an address.
    ///   - host: a name or an address that the certificate has to be for; looked at only where the context trusts somebody.
    package init(_ context: TLSContext, serverName: String? = nil, host: String? = nil) throws {
        engine = try TLSEngine(context, serverName: serverName, host: host)
        goodbye = context.goodbye
    }

    /// As the other side sent it, its own certificate first.
    package var chain: [Certificate] { engine.chain }
    /// That were agreed on.
    package var version: String { engine.version }
    /// At least TLS 1.2: RFC 8996 retires what is older.
    package var isModern: Bool { engine.isModern }

    package func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { begin(context) }
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        phase = .closed
        failPending(ChannelError.ioOnClosedChannel)
    }

    package func channelActive(context: ChannelHandlerContext) {
        begin(context)
        context.fireChannelActive()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard phase != .closed else { return }
        engine.feed(unwrapInboundIn(data))
        if phase == .handshake { shakeHands(context) }
        readOn(context)
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else { return context.fireUserInboundEventTriggered(event) }
        switch phase {
        case .handshake: fail(.closed(.duringHandshake), context)
        case .open: endInput(isOrderly: false, context)
        case .closing: finish(context)
        case .closed: break
        }
    }

    package func channelInactive(context: ChannelHandlerContext) {
        switch phase {
        case .handshake: context.fireErrorCaught(ConnectionEnd.closed(.duringHandshake))
        case .open where !isInputClosed: context.fireErrorCaught(ConnectionEnd.closed(.withoutGoodbye))
        default: break
        }
        phase = .closed
        patience?.cancel()
        failPending(ChannelError.ioOnClosedChannel)
        closePromise?.succeed()
        closePromise = nil
        context.fireChannelInactive()
    }

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        var bytes = unwrapOutboundIn(data)
        guard phase == .handshake || phase == .open, !hasSaidGoodbye else {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        guard phase == .handshake || !pending.isEmpty else {
            encrypt(&bytes, promise, context)
            return
        }
        pendingBytes += bytes.readableBytes
        guard pendingBytes <= Self.maximumPending else {
            promise?.fail(ConnectionEnd.tooMuch)
            return fail(.tooMuch, context)
        }
        pending.append((bytes, promise))
    }

    package func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard phase == .open, mode != .input, !hasSaidGoodbye else {
            if mode == .all { phase = .closed }
            return context.close(mode: mode, promise: promise)
        }
        let said = sayGoodbye(context)
        if mode == .output {
            // A socket that is shut down drops what is not written yet.
            return said.assumeIsolated().whenComplete { _ in context.close(mode: .output, promise: promise) }
        }
        phase = .closing
        closePromise = promise
        patience = context.eventLoop.assumeIsolated().scheduleTask(in: goodbye) { self.finish(context) }
        if isInputClosed { said.assumeIsolated().whenComplete { _ in self.finish(context) } }
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard !hasBegun else { return }
        hasBegun = true
        shakeHands(context)
    }

    private func shakeHands(_ context: ChannelHandlerContext) {
        let progress = engine.handshake()
        passOn(context)
        switch progress {
        case .needMore: break
        case .failed(let failure): fail(.tls(failure), context)
        case .done:
            phase = .open
            context.fireUserInboundEventTriggered(Event.handshaken)
            writePending(context)
        }
    }

    private func readOn(_ context: ChannelHandlerContext) {
        while phase == .open || phase == .closing {
            switch engine.read() {
            case .bytes(let bytes):
                if phase == .open, !isInputClosed { context.fireChannelRead(wrapInboundOut(bytes)) }
            case .needMore:
                passOn(context)
                return writePending(context)
            case .end:
                return phase == .closing ? finish(context) : endInput(isOrderly: true, context)
            case .failed(let failure):
                passOn(context)
                return phase == .closing ? finish(context) : fail(.tls(failure), context)
            }
        }
    }

    /// The other side says no more.
    private func endInput(isOrderly: Bool, _ context: ChannelHandlerContext) {
        guard !isInputClosed else { return }
        isInputClosed = true
        if !isOrderly { context.fireErrorCaught(ConnectionEnd.closed(.withoutGoodbye)) }
        // As with a socket: who does not want to speak to somebody who only listens is closed.
        let staysOpen = try? context.channel.syncOptions?.getOption(.allowRemoteHalfClosure)
        if staysOpen == true {
            context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        } else {
            context.channel.close(promise: nil)
        }
    }

    private func fail(_ end: ConnectionEnd, _ context: ChannelHandlerContext) {
        phase = .closed
        failPending(end)
        context.fireErrorCaught(end)
        // Whatever was to be said about it, an alert, is on its way.
        context.close(promise: nil)
    }

    private func writePending(_ context: ChannelHandlerContext) {
        guard !pending.isEmpty, phase == .open else { return }
        while phase == .open, !pending.isEmpty {
            var (bytes, promise) = pending.removeFirst()
            pendingBytes -= bytes.readableBytes
            guard encrypt(&bytes, promise, context) else { break }
        }
        context.flush()
    }

    /// - Returns: whether the next bytes may follow.
    @discardableResult
    private func encrypt(
        _ bytes: inout ByteBuffer, _ promise: EventLoopPromise<Void>?, _ context: ChannelHandlerContext
    ) -> Bool {
        let progress = engine.write(&bytes)
        let encrypted = engine.takePending()
        switch progress {
        case .done:
            context.write(wrapOutboundOut(encrypted ?? ByteBuffer()), promise: promise)
            return true
        case .needMore:
            if let encrypted { context.write(wrapOutboundOut(encrypted), promise: nil) }
            pendingBytes += bytes.readableBytes
            pending.insert((bytes, promise), at: 0)
        case .failed(let failure):
            promise?.fail(ConnectionEnd.tls(failure))
            fail(.tls(failure), context)
        }
        return false
    }

    /// Sends what TLS itself has to say.
    private func passOn(_ context: ChannelHandlerContext) {
        if let bytes = engine.takePending() { context.writeAndFlush(wrapOutboundOut(bytes), promise: nil) }
    }

    private func sayGoodbye(_ context: ChannelHandlerContext) -> EventLoopFuture<Void> {
        hasSaidGoodbye = true
        engine.sayGoodbye()
        return context.writeAndFlush(wrapOutboundOut(engine.takePending() ?? ByteBuffer()))
    }

    private func finish(_ context: ChannelHandlerContext) {
        guard phase == .closing else { return }
        phase = .closed
        patience?.cancel()
        context.close(promise: closePromise)
        closePromise = nil
    }

    private func failPending(_ error: any Error) {
        let waiting = pending
        pending = []
        for (_, promise) in waiting { promise?.fail(error) }
    }
}
