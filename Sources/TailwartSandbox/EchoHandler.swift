import NIOCore

/// Sends back what it gets; when the client has said its end, it says how many bytes that were and closes.
final class EchoHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var count = 0
    private let ending = ChannelEnding()
    private let ended: (Int) -> Void

    init(ended: @escaping (Int) -> Void) {
        self.ended = ended
    }

    /// The line after the echo.
    static func trailer(_ count: Int) -> String { "\r\n\(count) bytes echoed\r\n" }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !ending.hasBegun else { return }
        count += unwrapInboundIn(data).readableBytes
        context.writeAndFlush(data, promise: nil)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        context.channel.setOption(.autoRead, value: context.channel.isWritable).whenFailure { _ in }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            guard !ending.hasBegun else { return }
            ended(count)
            ending.inputClosed(context)
            let written = context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: Self.trailer(count))))
            ending.begin(context, after: written)
        case is IdleStateHandler.IdleStateEvent:
            context.close(promise: nil)
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
