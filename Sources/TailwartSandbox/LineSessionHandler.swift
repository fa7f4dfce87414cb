package import NIOCore
package import TailwartClient

/// Runs a ``LineSession`` on a channel.
package final class LineSessionHandler<Session: LineSession>: ChannelInboundHandler {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    private var session: Session
    private var reader: LineReader
    private let tls: TLSContext
    private let store: MessageStore?
    private var observer: Int?
    private var lastWrite: EventLoopFuture<Void>?
    private let ending = ChannelEnding()
    private var hasGreeted = false
    private var isAnswering = false
    private var isPausing = false
    private var isInputClosed = false

    /// - Parameters:
    ///   - store: whose changes the session is told of.
    ///   - tls: for STARTTLS.
    package init(_ session: Session, store: MessageStore? = nil, tls: TLSContext) {
        self.session = session
        reader = LineReader(limit: Session.lineLimit, takesBareLineFeeds: session.temper.takesBareLineFeeds)
        self.store = store
        self.tls = tls
    }

    package func handlerAdded(context: ChannelHandlerContext) {
        let loop = context.eventLoop
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: loop)
        observer = store?.observe {
            loop.execute { bound.value.handler.mailboxChanged(bound.value.context) }
        }
        if !session.temper.greetsAfterHandshake { greetInTime(context) }
    }

    private func greetInTime(_ context: ChannelHandlerContext) {
        let delay = session.temper.greetingDelay
        guard delay > .zero else { return greet(context) }
        context.eventLoop.assumeIsolated().scheduleTask(in: delay) { self.greet(context) }
    }

    private func greet(_ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        hasGreeted = true
        perform(session.begin(), context)
        answer(context)
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        if let observer { store?.forget(observer) }
        observer = nil
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !ending.hasBegun else { return }
        reader.append(unwrapInboundIn(data))
        answer(context)
    }

    /// A client that does not read its answers is not read from, so neither side's bytes pile up here.
    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        let isWritable = context.channel.isWritable
        if !ending.hasBegun {
            context.channel.setOption(.autoRead, value: isWritable).whenFailure { _ in }
        }
        if isWritable {
            answer(context)
            mailboxChanged(context)
        }
        context.fireChannelWritabilityChanged()
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            isInputClosed = true
            ending.inputClosed(context)
            answer(context)
        case is IdleStateHandler.IdleStateEvent:
            context.close(promise: nil)
        case TLSHandler.Event.handshaken:
            session.handshaken()
            if session.temper.greetsAfterHandshake { greetInTime(context) }
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    /// A client that closes without close_notify has still said its end; `inputClosed` follows.
    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case .closed(.withoutGoodbye)? = error as? ConnectionEnd { return }
        context.close(promise: nil)
    }

    private func answer(_ context: ChannelHandlerContext) {
        // Writing can change the writability at once and so lead back here.
        guard hasGreeted, !isAnswering, !isPausing else { return }
        isAnswering = true
        defer { isAnswering = false }
        while !ending.hasBegun, context.channel.isWritable {
            guard let line = reader.next(isCommand: session.expectsCommand) else {
                if isInputClosed { ending.begin(context, after: lastWrite) }
                return
            }
            let reply = session.receive(line)
            guard reply.delay == .zero else { return performLater(reply, context) }
            perform(reply, context)
        }
    }

    private func performLater(_ reply: Reply, _ context: ChannelHandlerContext) {
        isPausing = true
        context.eventLoop.assumeIsolated().scheduleTask(in: reply.delay) {
            self.isPausing = false
            guard context.channel.isActive else { return }
            self.perform(reply, context)
            self.answer(context)
        }
    }

    private func mailboxChanged(_ context: ChannelHandlerContext) {
        // What cannot be said now is said when the channel is writable again.
        guard observer != nil, !ending.hasBegun, context.channel.isActive, context.channel.isWritable else { return }
        perform(session.mailboxChanged(), context)
    }

    private func perform(_ reply: Reply, _ context: ChannelHandlerContext) {
        for chunk in reply.chunks where chunk.readableBytes > 0 {
            lastWrite = context.write(wrapOutboundOut(chunk))
        }
        context.flush()
        switch reply.next {
        case .line: break
        case .startTLS: startTLS(context)
        case .close: ending.begin(context, after: lastWrite)
        }
    }

    /// Plaintext that came with the command would otherwise be taken for the first commands of the protected session, and
    /// anybody on the path could have put it there (CVE-2011-0411, RFC 3207 section 4.2).
    private func startTLS(_ context: ChannelHandlerContext) {
        reader.discard()
        do {
            let handler = try TLSHandler(tls)
            try context.pipeline.syncOperations.addHandler(handler, position: .before(self))
        } catch {
            context.close(promise: nil)
        }
    }
}
