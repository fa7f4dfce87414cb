package import NIOCore
package import TailwartWire

/// Reads the PROXY header that must come first, then makes room for the service.
///
/// Nothing is said and nothing else is understood before the header: that is how a mail server behaves towards networks that
/// it trusts, and what an edge has to get right.
package final class ProxyHeaderHandler: ChannelInboundHandler, RemovableChannelHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = ByteBuffer

    /// Long enough for one retransmission, as section 2 of the PROXY protocol asks; Postfix waits as long.
    static let defaultDeadline = TimeAmount.seconds(5)

    private let deadline: TimeAmount?
    private let found: (ChannelHandlerContext, ProxyHeader.Peers) throws -> Void
    private let refused: (String) -> Void
    private var received = ByteBuffer()
    private var timeout: Scheduled<Void>?
    private var isDone = false

    /// - Parameters:
    ///   - deadline: nil: the header may come at any time.
    ///   - found: adds the handlers that follow.
    ///   - refused: gets the reason; the channel is then closed.
    package init(
        deadline: TimeAmount?, found: @escaping (ChannelHandlerContext, ProxyHeader.Peers) throws -> Void,
        refused: @escaping (String) -> Void
    ) {
        self.deadline = deadline
        self.found = found
        self.refused = refused
    }

    package func handlerAdded(context: ChannelHandlerContext) {
        guard let deadline else { return }
        timeout = context.eventLoop.assumeIsolated().scheduleTask(in: deadline) {
            self.refuse(context, "no PROXY header within \(deadline.nanoseconds / 1_000_000) ms")
        }
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        timeout?.cancel()
        timeout = nil
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDone else { return }
        received.writeImmutableBuffer(unwrapInboundIn(data))
        switch ProxyHeader.parse(received.readableBytesUInt8Span) {
        case .needMore: break
        case .invalid(let error): refuse(context, error.description)
        case .found(let header): accept(header, context)
        }
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event {
            refuse(context, "the connection ended before a PROXY header")
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func accept(_ header: ProxyHeader, _ context: ChannelHandlerContext) {
        isDone = true
        received.moveReaderIndex(forwardBy: min(header.length, received.readableBytes))
        do {
            try found(context, header.peers)
        } catch {
            return context.close(promise: nil)
        }
        if received.readableBytes > 0 {
            context.fireChannelRead(wrapInboundOut(received))
            context.fireChannelReadComplete()
        }
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    private func refuse(_ context: ChannelHandlerContext, _ reason: String) {
        guard !isDone else { return }
        isDone = true
        refused(reason)
        context.close(promise: nil)
    }
}
