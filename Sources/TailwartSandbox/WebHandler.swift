import NIOCore
import TailwartClient

/// Answers one HTTP/1.1 request (RFC 9112) and closes: GET and HEAD, no request body.
final class WebHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Bytes of a request line and its headers, what most servers allow.
    static let maximumHead = 16 * 1024

    private let content: WebContent
    private let served: (WebRequest) -> Void
    private var received = ByteBuffer()
    private let ending = ChannelEnding()

    init(_ content: WebContent, served: @escaping (WebRequest) -> Void) {
        self.content = content
        self.served = served
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !ending.hasBegun else { return }
        received.writeImmutableBuffer(unwrapInboundIn(data))
        let head = String(buffer: received)
        if let end = WebRequest.endOfHead(head) {
            let request = WebRequest(head[..<end])
            if let request { served(request) }
            answer(context, content.answer(to: request))
        } else if received.readableBytes > Self.maximumHead {
            answer(
                context, WebContent.response("431 Request Header Fields Too Large", body: "the request is too long\n"))
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            ending.inputClosed(context)
            if !ending.hasBegun { context.close(promise: nil) }
        case is IdleStateHandler.IdleStateEvent:
            context.close(promise: nil)
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    /// A browser that closes without close_notify has still said its end; `inputClosed` follows.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case .closed(.withoutGoodbye)? = error as? ConnectionEnd { return }
        context.close(promise: nil)
    }

    private func answer(_ context: ChannelHandlerContext, _ response: String) {
        ending.begin(context, after: context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: response))))
    }
}
