import NIOCore
import NIOSSL
import TailwartWire

/// Asks a PostgreSQL server whether it takes connections.
///
/// With TLS where the server offers it, as its clients do (libpq's `prefer`): a server or a pooler may have another answer for
/// connections without. The certificate is not looked at, as nothing secret is sent and only the answer is wanted.
final class PostgresHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How long a server that has let us in may take to see our goodbye.
    private static let lingering = TimeAmount.milliseconds(500)

    private let answer: EventLoopPromise<Finding>
    private let tls: NIOSSLContext
    private var startup = PostgresStartup()
    private var isFinished = false

    init(tls: NIOSSLContext, answer: EventLoopPromise<Finding>) {
        self.tls = tls
        self.answer = answer
    }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(PostgresStartup.sslRequest), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // What the server says to somebody whom it has let in does not matter.
        guard !isFinished else { return }
        switch startup.receive(unwrapInboundIn(data)) {
        case .wait: break
        case .startTLS:
            do {
                let handler = try NIOSSLClientHandler(context: tls, serverHostname: nil)
                try context.pipeline.syncOperations.addHandler(handler, position: .first)
                // Kept by the handler until the handshake is done.
                context.writeAndFlush(wrapOutboundOut(PostgresStartup.startupMessage), promise: nil)
            } catch {
                answer.fail(error)
            }
        case .sendStartup:
            context.writeAndFlush(wrapOutboundOut(PostgresStartup.startupMessage), promise: nil)
        case .finish(.admits):
            isFinished = true
            leave(context)
        case .finish(let result):
            // Only closed: in the middle of the authentication a goodbye would be an error in the server's log.
            isFinished = true
            answer.succeed(Finding(result))
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        answer.succeed(isFinished ? Finding(.admits) : .closed)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if isFinished {
            answer.succeed(Finding(.admits))
        } else {
            answer.fail(error)
        }
    }

    /// Waits for the server to end the connection: closing it with unread bytes in it would leave a line in its log.
    private func leave(_ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(PostgresStartup.terminate), promise: nil)
        let answer = answer
        context.eventLoop.scheduleTask(in: Self.lingering) { answer.succeed(Finding(.admits)) }
    }
}

extension Finding {
    init(_ answer: PostgresAnswer) {
        switch answer {
        case .asksForAuthentication, .admits:
            self = .ready("takes connections")
        case .error(let error) where error.isForNow:
            let message = error.message.isEmpty ? "takes no connections" : error.message.printable(atMost: 120)
            self = .waiting(
                error.code.hasPrefix("53") ? "busy" : "starting", "\(message) (\(error.code))",
                fix: "if it does not end, look at the database's log")
        case .error(let error):
            self = .ready("takes connections (\(error.code): \(error.message.printable(atMost: 120)))")
        case .notPostgres(let beginning):
            self = .wrongProtocol(
                "what answers is not PostgreSQL: \"\(String(buffer: beginning).printable(atMost: 120))\"")
        }
    }
}
