import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import TailwartWire

extension LocalAPI {
    /// Bytes kept of the body of an answer that is an error.
    static let maximumErrorText = 200

    /// One question over a connection of its own; given up if the task is cancelled.
    ///
    /// - Parameter timeout: for all of it; the connection is closed then, whatever the other side does.
    func exchange(
        _ method: HTTPMethod, _ uri: String, timeout: Duration, over group: any EventLoopGroup
    ) async throws(LocalAPIError) -> ByteBuffer {
        let loop = group.any()
        let answer = loop.makePromise(of: ByteBuffer.self)
        let deadline = loop.scheduleTask(in: TimeAmount(timeout)) { answer.fail(LocalAPIError.timedOut(timeout)) }
        let connected = ClientBootstrap(group: loop).channelInitializer { channel in
            // Also while it is still connecting: nothing outlives the answer.
            answer.futureResult.whenComplete { _ in channel.close(promise: nil) }
            return channel.eventLoop.makeCompletedFuture {
                let pipeline = channel.pipeline.syncOperations
                try pipeline.addHandler(AnswerLimit(bytes: LocalAPI.maximumAnswer))
                try pipeline.addHTTPClientHandlers()
                try pipeline.addHandler(Question(method, uri, answer: answer))
            }
        }.connect(unixDomainSocketPath: socket)
        connected.whenFailure { answer.fail(connectError($0)) }
        defer { deadline.cancel() }
        do {
            return try await withTaskCancellationHandler {
                try await answer.futureResult.get()
            } onCancel: {
                answer.fail(LocalAPIError.badAnswer("the question was given up"))
            }
        } catch let error as LocalAPIError {
            throw error
        } catch {
            throw .badAnswer("\(error)".printable(atMost: Self.maximumErrorText))
        }
    }

    private func connectError(_ error: any Error) -> LocalAPIError {
        guard let error = error as? IOError else {
            return .notUsable(socket, reason: "\(error)".printable(atMost: Self.maximumErrorText))
        }
        return switch error.errnoCode {
        case ENOENT: .socketMissing(socket)
        case EACCES, EPERM: .notPermitted(socket)
        case ECONNREFUSED: .refused(socket)
        default: .notUsable(socket, reason: String(cString: strerror(error.errnoCode)))
        }
    }
}

/// Asks when the connection is there, gathers the answer, and fulfils the promise once. Used on the event loop only.
private final class Question: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let method: HTTPMethod
    private let uri: String
    private let answer: EventLoopPromise<ByteBuffer>
    private var status: HTTPResponseStatus?
    private var body = ByteBuffer()

    init(_ method: HTTPMethod, _ uri: String, answer: EventLoopPromise<ByteBuffer>) {
        self.method = method
        self.uri = uri
        self.answer = answer
    }

    func channelActive(context: ChannelHandlerContext) {
        // The one host name that tailscaled takes; no Origin and no Referer, which it refuses as a browser's.
        var head = HTTPRequestHead(version: .http1_1, method: method, uri: uri)
        head.headers.add(name: "Host", value: "local-tailscaled.sock")
        head.headers.add(name: "Connection", value: "close")
        if method == .POST { head.headers.add(name: "Content-Length", value: "0") }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            status = head.status
            // Nothing was asked that could turn into another protocol, and no end follows it.
            if head.status == .switchingProtocols { answer.fail(LocalAPIError.status(101, "")) }
        case .body(var part):
            let isError = status.map { $0 != .ok } ?? true
            let room = isError ? max(0, LocalAPI.maximumErrorText - body.readableBytes) : part.readableBytes
            if let kept = part.readSlice(length: min(room, part.readableBytes)) { body.writeImmutableBuffer(kept) }
        case .end:
            guard let status else { return }
            if status == .ok {
                answer.succeed(body)
            } else {
                let text = String(buffer: body).split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
                answer.fail(
                    LocalAPIError.status(Int(status.code), text.printable(atMost: LocalAPI.maximumErrorText)))
            }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let reason = "\(error)".printable(atMost: LocalAPI.maximumErrorText)
        answer.fail(error as? LocalAPIError ?? LocalAPIError.badAnswer(reason))
    }

    func channelInactive(context: ChannelHandlerContext) {
        answer.fail(LocalAPIError.badAnswer("the connection ended before the answer did"))
        context.fireChannelInactive()
    }
}

/// Ends a connection that brings more than an answer can be. It counts what comes off the socket, so endless headers, chunks and
/// trailers are all the same to it.
private final class AnswerLimit: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let limit: Int
    private var left: Int

    init(bytes: Int) {
        limit = bytes
        left = bytes
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        left -= unwrapInboundIn(data).readableBytes
        guard left < 0 else { return context.fireChannelRead(data) }
        context.fireErrorCaught(LocalAPIError.tooLong(limit: limit))
    }
}
