package import NIOCore
import TailwartClient

/// Answers one HTTP/1.1 request (RFC 9112) and closes: GET and HEAD, no request body.
package final class WebHandler: ChannelInboundHandler {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    /// Bytes of a request line and its headers, what most servers allow.
    static let maximumHead = 16 * 1024

    private let content: WebContent
    private let served: (WebRequest) -> Void
    private var received = ByteBuffer()
    private let ending = ChannelEnding()

    package init(_ content: WebContent, served: @escaping (WebRequest) -> Void) {
        self.content = content
        self.served = served
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
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

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
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
    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case .closed(.withoutGoodbye)? = error as? ConnectionEnd { return }
        context.close(promise: nil)
    }

    private func answer(_ context: ChannelHandlerContext, _ response: String) {
        ending.begin(context, after: context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: response))))
    }
}

/// The head of an HTTP request, as far as the sandbox looks at it.
package struct WebRequest: Sendable, Equatable {
    let method: String
    let path: String
    /// In lower case, without a port; empty if the client sent none.
    let host: String

    /// - Parameter head: up to the empty line.
    init?(_ head: some StringProtocol) {
        let lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)
        let words = (lines.first ?? "").split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, words[2].hasPrefix("HTTP/1."), words[1].hasPrefix("/") else { return nil }
        method = String(words[0])
        path = Self.plain(words[1].prefix { $0 != "?" })
        let line = lines.dropFirst().first { $0.prefix(5).lowercased() == "host:" }
        let value = line.map { String($0.dropFirst(5)).lowercased().filter { $0 != " " && $0 != "\t" } } ?? ""
        host = Self.plain(value.prefix { $0 != ":" })
    }

    /// Where the empty line begins.
    static func endOfHead(_ text: String) -> String.Index? {
        text.firstRange(of: "\r\n\r\n")?.lowerBound
    }

    /// It is printed for a person: nothing that moves a cursor.
    private static func plain(_ text: some StringProtocol) -> String {
        String(text.filter { $0.isASCII && $0 > " " && $0 < "\u{7f}" }.prefix(255))
    }
}
