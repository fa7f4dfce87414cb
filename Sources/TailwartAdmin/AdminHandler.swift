import NIOCore
import NIOHTTP1
import NIOPosix
import TailwartCore
import TailwartWire

/// One caller's connection: its requests, one after the other. Of its event loop alone.
final class AdminHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// What all connections share.
    struct Parts: Sendable {
        let routes: any AdminAnswering
        let limits: AdminLimits
        let pool: NIOThreadPool
        let crowd: AdminCrowd
    }

    private enum State {
        case idle
        /// A request comes: its head, or nil before that is whole.
        case asking(HTTPRequestHead?)
        /// An answer is made or sent.
        case answering
        case streaming(any AdminFeed)
        /// All is said; until the caller has taken that in. A close with unread bytes would destroy the words.
        case leaving
    }

    /// Bytes that wait in a stream, before more is taken from the ledger.
    static let comfort = 64 << 10
    /// Records and events that are taken at once.
    private static let portion = 64

    private let parts: Parts
    private let caller: AdminCaller
    private let isTurnedAway: Bool
    private var state = State.idle
    /// Of the request that comes.
    private var body: [UInt8] = []
    private var timer: Scheduled<Void>?
    private var context: ChannelHandlerContext?
    /// The way to the socket past SwiftNIO's HTTP, which knows no answer without a request.
    fileprivate var wire: AdminByteWatch?
    /// Answers that are made, and not sent to their end.
    private var unsent = 0
    /// Requests that were taken, and whose answers are not sent to their end; the interface does not end before.
    private var owed = 0
    /// The caller has said that it will send no more.
    private var hasFinished = false

    init(_ parts: Parts, _ caller: AdminCaller, isTurnedAway: Bool) {
        self.parts = parts
        self.caller = caller
        self.isTurnedAway = isTurnedAway
    }

    // MARK: - events

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelActive(context: ChannelHandlerContext) {
        guard !isTurnedAway else {
            return reply(
                .refused(
                    .serviceUnavailable, "there are too many connections to the admin interface",
                    fix: "Try again later."
                ), stays: false)
        }
        wait(parts.limits.idle)
    }

    func channelInactive(context: ChannelHandlerContext) { endStream() }

    func handlerRemoved(context: ChannelHandlerContext) {
        while owed > 0 { settle() }
        endStream()
        timer?.cancel()
        self.context = nil
        wire = nil
    }

    /// Bytes have come, whatever they are.
    func bytesCame() {
        guard case .idle = state else { return }
        state = .asking(nil)
        wait(parts.limits.request)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (unwrapInboundIn(data), state) {
        case (.head(let head), .idle), (.head(let head), .asking(nil)):
            state = .asking(head)
            body = []
            if head.headers.contains(name: "expect") {
                reply(.refused(.expectationFailed, "send the body at once, or none"), stays: false)
            } else if let length = head.headers.first(name: "content-length").flatMap({ Int($0) }),
                length > parts.limits.body
            {
                reply(tooLarge, stays: false)
            }
        case (.body(let bytes), .asking):
            guard body.count + bytes.readableBytes <= parts.limits.body else { return reply(tooLarge, stays: false) }
            body += bytes.readableBytesView
        case (.end, .asking(let head?)):
            answer(head)
        // Of a request that is refused already, or that comes behind the last one.
        default: break
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent {
            hasFinished = true
            // Who has asked, said that this was all, and waits, gets the answer to its last byte.
            if case .answering = state { return }
            if unsent == 0 { context.close(promise: nil) }
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else { return context.close(promise: nil) }
        switch state {
        case .idle, .asking: reply(AdminReply(error, parts.limits), stays: false)
        case .answering, .streaming, .leaving: break
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard case .streaming = state else { return }
        if context.channel.isWritable { pump() } else { wait(parts.limits.stall) }
    }

    private var tooLarge: AdminReply {
        .refused(.payloadTooLarge, "the body has more than \(parts.limits.body) bytes")
    }

    // MARK: - answers

    private func answer(_ head: HTTPRequestHead) {
        guard let context else { return }
        let request: AdminRequest
        do throws(AdminRequest.Unclear) {
            request = try AdminRequest(head, body: body, limits: parts.limits)
            body = []
        } catch {
            return reply(error.reply, stays: false)
        }
        state = .answering
        wait(parts.limits.answer)
        owed += 1
        parts.crowd.beginAnswer()
        let (routes, caller) = (parts.routes, caller)
        if routes.isQuick(request) {
            return take(routes.answer(request, from: caller), head)
        }
        parts.pool.runIfActive(eventLoop: context.eventLoop) { routes.answer(request, from: caller) }.assumeIsolated()
            .whenComplete { result in
                switch result {
                case .success(let outcome): self.take(outcome, head)
                // The interface is closed.
                case .failure: self.context?.close(promise: nil)
                }
            }
    }

    private func take(_ outcome: AdminRoutes.Outcome, _ head: HTTPRequestHead) {
        switch outcome {
        case .reply(let answer):
            reply(answer, isHead: head.method == .HEAD, stays: head.isKeepAlive && !hasFinished, isOwed: true)
        case .later(let begin):
            guard let context else { return }
            wait(parts.limits.later)
            let (loop, handler) = (context.eventLoop, NIOLoopBound(self, eventLoop: context.eventLoop))
            begin { reply in loop.execute { handler.value.take(.reply(reply), head) } }
        case .stream(let subscribe) where parts.crowd.beginStream(parts.limits):
            settle()
            beginStream(subscribe)
        case .stream:
            reply(
                .refused(.serviceUnavailable, "too many readers of the events", fix: "End one of them."), stays: false,
                isOwed: true)
        }
    }

    private func settle() {
        guard owed > 0 else { return }
        owed -= 1
        parts.crowd.endAnswer()
    }

    /// - Parameter isOwed: whether it is the answer to a request that was taken.
    private func reply(_ reply: AdminReply, isHead: Bool = false, stays: Bool, isOwed: Bool = false) {
        guard let context, context.channel.isActive else { return }
        let sent = context.eventLoop.makePromise(of: Void.self)
        unsent += 1
        sent.futureResult.assumeIsolated().whenComplete { _ in
            self.unsent -= 1
            if isOwed { self.settle() }
            if !stays {
                self.leave()
            } else if self.hasFinished, self.unsent == 0 {
                self.context?.close(promise: nil)
            }
        }
        wait(parts.limits.answer)
        switch state {
        case .idle, .asking(nil):
            state = .answering
            wire?.write(reply.bytes, promise: sent)
            return
        default: state = .answering
        }
        let taken = context.eventLoop.makePromise(of: Void.self)
        // Behind the end the next request is passed on and made room for: not before this answer is taken, or answers that nobody takes
        // would pile up.
        taken.futureResult.assumeIsolated().whenComplete { _ in
            guard let context = self.context else { return sent.fail(ChannelError.ioOnClosedChannel) }
            if stays {
                self.state = .idle
                self.wait(self.parts.limits.idle)
            }
            context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: sent)
        }
        let head = wrapOutboundOut(.head(reply.head(stays: stays)))
        if isHead || reply.body.isEmpty {
            context.writeAndFlush(head, promise: taken)
        } else {
            context.write(head, promise: nil)
            context.writeAndFlush(
                wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: reply.body)))), promise: taken)
        }
    }

    /// All is sent.
    private func leave() {
        guard let context else { return }
        guard !hasFinished else { return context.close(promise: nil) }
        state = .leaving
        wait(parts.limits.goodbye)
        context.close(mode: .output, promise: nil)
    }

    // MARK: - streams

    private func beginStream(_ subscribe: AdminRoutes.Subscribing) {
        guard let context else { return parts.crowd.endStream() }
        let (loop, handler) = (context.eventLoop, NIOLoopBound(self, eventLoop: context.eventLoop))
        let feed = subscribe { loop.execute { handler.value.pump() } }
        state = .streaming(feed)
        context.write(wrapOutboundOut(.head(AdminReply.streamHead)), promise: nil)
        send(": events and records of this edge, from now on\n\n")
        pump()
    }

    /// Hands on what there is, as long as the reader takes it.
    private func pump() {
        guard case .streaming(let feed) = state, let context else { return }
        while context.channel.isWritable {
            guard let entries = feed.take(atMost: Self.portion) else {
                endStream()
                let sent = context.eventLoop.makePromise(of: Void.self)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: sent)
                return sent.futureResult.assumeIsolated().whenComplete { _ in self.leave() }
            }
            guard !entries.isEmpty else { return wait(parts.limits.heartbeat) }
            send(entries.map { "event: \($0.name)\ndata: \($0.json)\n\n" }.joined())
        }
        wait(parts.limits.stall)
    }

    private func send(_ text: String) {
        guard let context else { return }
        context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
    }

    private func endStream() {
        guard case .streaming(let feed) = state else { return }
        feed.close()
        parts.crowd.endStream()
        state = .leaving
    }

    // MARK: - time

    private func wait(_ time: TimeAmount) {
        timer?.cancel()
        timer = context?.eventLoop.assumeIsolated().scheduleTask(in: time) { self.timeIsOver() }
    }

    private func timeIsOver() {
        guard let context else { return }
        switch state {
        case .asking:
            reply(
                .refused(
                    .requestTimeout,
                    "the request took more than \(parts.limits.request.nanoseconds / 1_000_000_000) s to come"),
                stays: false)
        case .streaming where context.channel.isWritable:
            send(": still here\n\n")
            wait(parts.limits.heartbeat)
        // Also a reader of events who takes none.
        case .idle, .answering, .streaming, .leaving: context.close(promise: nil)
        }
    }
}

/// The end of the pipeline at the socket: tells the handler that bytes have come, before they are a request, and sends what is no answer to one.
final class AdminByteWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let handler: AdminHandler
    private var context: ChannelHandlerContext?

    init(_ handler: AdminHandler) {
        self.handler = handler
        handler.wire = self
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func write(_ bytes: ByteBuffer, promise: EventLoopPromise<Void>) {
        guard let context else { return promise.fail(ChannelError.ioOnClosedChannel) }
        context.writeAndFlush(wrapOutboundOut(bytes), promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        handler.bytesCame()
        context.fireChannelRead(data)
    }
}
