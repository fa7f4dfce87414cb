import NIOCore
import TailwartClient
import TailwartWire

/// Runs a ``FakeStalwartSession`` on a channel: lines in, lines out, STARTTLS, bans.
final class FakeStalwartLines: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Bytes of a line; a client that sends a longer one is closed.
    private static let maximumLine = 64 << 10

    private var session: FakeStalwartSession
    private let core: FakeStalwartCore
    private let client: InternetAddress
    private var received = ByteBuffer()
    /// Over implicit TLS the greeting waits for the handshake.
    private let greetsAfterTLS: Bool
    private var hasGreeted = false
    private var isClosing = false

    init(
        _ session: FakeStalwartSession, _ core: FakeStalwartCore, _ client: InternetAddress, greetsAfterTLS: Bool
    ) {
        self.greetsAfterTLS = greetsAfterTLS
        self.session = session
        self.core = core
        self.client = client
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if !greetsAfterTLS { greetInTime(context) }
    }

    private func greetInTime(_ context: ChannelHandlerContext) {
        let delay = core.settings.greetingDelay
        guard delay > .zero else { return greet(context) }
        context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) { self.greet(context) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received.writeImmutableBuffer(unwrapInboundIn(data))
        guard received.readableBytes <= Self.maximumLine else { return context.close(promise: nil) }
        answer(context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSHandler.Event.handshaken = event {
            core.count { $0.handshakes += 1 }
            if greetsAfterTLS { greetInTime(context) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func greet(_ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        hasGreeted = true
        core.greeted(client)
        perform(session.greeting(), context)
        answer(context)
    }

    private func answer(_ context: ChannelHandlerContext) {
        while hasGreeted, !isClosing, let line = nextLine() {
            perform(session.receive(line), context)
        }
    }

    /// Ends with LF, as Stalwart's parser takes it.
    private func nextLine() -> String? {
        let view = received.readableBytesView
        guard let lineFeed = view.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        var line = view[view.startIndex..<lineFeed]
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        let text = String(decoding: line, as: UTF8.self)
        received.moveReaderIndex(forwardBy: lineFeed - view.startIndex + 1)
        return text
    }

    private func perform(_ reply: FakeStalwartSession.Reply, _ context: ChannelHandlerContext) {
        if reply.isMessage { core.count { $0.messages += 1 } }
        if reply.isGoodbye { core.count { $0.goodbyes += 1 } }
        let isOneTooMany = reply.isInvalid && core.countInvalid(from: client.ip)
        if !reply.text.isEmpty {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: reply.text)), promise: nil)
        }
        if reply.next == .close || isOneTooMany {
            isClosing = true
            context.close(promise: nil)
        } else if reply.next == .startTLS {
            received.clear()
            do {
                let tls = try TLSHandler(core.tls)
                try context.pipeline.syncOperations.addHandler(tls, position: .before(self))
            } catch {
                context.close(promise: nil)
            }
        }
    }
}
