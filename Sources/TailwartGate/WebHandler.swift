import NIOCore
import NIOHTTP1
import NIOSSL

/// Asks a web server for one page and looks at the status only.
final class WebHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let url: WebURL
    private let answer: EventLoopPromise<Finding>

    private init(_ url: WebURL, answer: EventLoopPromise<Finding>) {
        self.url = url
        self.answer = answer
    }

    /// - Parameter tls: for https.
    static func add(
        to channel: any Channel, for url: WebURL, tls: NIOSSLContext?, answer: EventLoopPromise<Finding>
    ) throws {
        let pipeline = channel.pipeline.syncOperations
        if let tls {
            // An address is compared with the certificate's addresses, and is not sent as a server name (RFC 6066 section 3).
            let name = url.endpoint.address == nil ? url.endpoint.host : nil
            try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name))
        }
        // Its limit on header fields (80 KiB) bounds what a server can make this keep; the body is not waited for.
        try pipeline.addHTTPClientHandlers()
        try pipeline.addHandler(WebHandler(url, answer: answer))
    }

    func channelActive(context: ChannelHandlerContext) {
        let head = HTTPRequestHead(
            version: .http1_1, method: .GET, uri: url.url.requestTarget,
            headers: [
                "Host": url.hostField, "User-Agent": "tailwart gate", "Accept": "*/*", "Connection": "close",
            ])
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(let head) = unwrapInboundIn(data) else { return }
        answer.succeed(Finding(status: head.status.code))
    }

    func channelInactive(context: ChannelHandlerContext) {
        answer.succeed(.closed)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is HTTPParserError {
            answer.succeed(.wrongProtocol("what answers is not a web server"))
        } else {
            answer.fail(error)
        }
    }
}

extension Finding {
    /// A redirect counts: many health pages send a client from http to https.
    init(status: UInt) {
        self =
            (200..<400).contains(status)
            ? .ready("answers with \(status)")
            : .waiting(
                "status", "answers with \(status)",
                fix: status == 404 ? "correct the path" : "look at that server's log")
    }
}
