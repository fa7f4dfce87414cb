import NIOCore
import TailwartClient
import TailwartCore
import TailwartWire

/// The first handler of a connection: bans, the PROXY header or its lack, and then the service.
final class FakeStalwartFront: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case header
        /// Where TLS comes first, the first byte tells whether it does.
        case firstByte
        case serving
        case closing
    }

    /// A fatal decode_error, which rustls answers bytes with that are no TLS record.
    private static let decodeError: [UInt8] = [21, 3, 3, 0, 2, 2, 50]

    private let core: FakeStalwartCore
    /// Nil: the setup page.
    private let proto: ListenerProtocol?
    private var phase = Phase.serving
    private var peer = InternetAddress(.anyV4, port: 0)
    private var received = ByteBuffer()
    private var hasReceived = false
    private var end: End?

    /// Who ended the connection first.
    private enum End {
        case client
        case fake
    }

    init(_ core: FakeStalwartCore, _ proto: ListenerProtocol?) {
        self.core = core
        self.proto = proto
    }

    private var isImplicitTLS: Bool { proto?.firstSpeaker == .client }

    func channelActive(context: ChannelHandlerContext) {
        peer = InternetAddress(context.channel.remoteAddress) ?? peer
        guard !core.isBanned(peer.ip) else {
            phase = .closing
            return context.close(promise: nil)
        }
        let settings = core.settings
        let wantsHeader = proto.map { $0 != .https || settings.isHeaderOnHTTPS } ?? false
        if wantsHeader, settings.trusted.contains(where: { $0.contains(peer.ip) }) {
            phase = .header
        } else {
            begin(context, for: peer)
        }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        hasReceived = true
        switch phase {
        case .closing: return
        case .serving: return context.fireChannelRead(data)
        case .header:
            received.writeImmutableBuffer(unwrapInboundIn(data))
            readHeader(context)
        case .firstByte:
            received.writeImmutableBuffer(unwrapInboundIn(data))
            readFirstByte(context)
        }
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        end = end ?? .fake
        context.close(mode: mode, promise: promise)
    }

    /// The client has reset the connection, whereupon it is closed here too.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end = end ?? .client
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if phase == .header, end != .fake { core.count { $0.headerErrors += 1 } }
        if !hasReceived, phase != .closing, end != .fake { core.count { $0.emptyConnections += 1 } }
        context.fireChannelInactive()
    }

    private func readHeader(_ context: ChannelHandlerContext) {
        switch ProxyHeader.parse(received.readableBytesUInt8Span) {
        case .needMore: return
        case .invalid:
            core.count { $0.headerErrors += 1 }
            phase = .closing
            context.close(promise: nil)
        case .found(let header):
            received.moveReaderIndex(forwardBy: header.length)
            core.count { counters in
                counters.headers += 1
                if header.peers == .local { counters.localHeaders += 1 }
            }
            let client = if case .proxied(let client, _) = header.peers { client } else { peer }
            guard !core.isBanned(client.ip) else {
                phase = .closing
                return context.close(promise: nil)
            }
            begin(context, for: client)
        }
    }

    /// - Parameter client: from the header, or the peer itself.
    private func begin(_ context: ChannelHandlerContext, for client: InternetAddress) {
        do {
            try addService(context, client)
        } catch {
            phase = .closing
            return context.close(promise: nil)
        }
        phase = isImplicitTLS ? .firstByte : .serving
        if isImplicitTLS {
            readFirstByte(context)
        } else {
            passOn(context)
        }
    }

    private func readFirstByte(_ context: ChannelHandlerContext) {
        guard let first = received.readableBytesView.first else { return }
        guard first == 22 else {
            phase = .closing
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: Self.decodeError)), promise: nil)
            return context.close(promise: nil)
        }
        phase = .serving
        passOn(context)
    }

    private func passOn(_ context: ChannelHandlerContext) {
        guard received.readableBytes > 0 else { return }
        context.fireChannelRead(wrapInboundOut(received))
        context.fireChannelReadComplete()
        received.clear()
    }

    private func addService(_ context: ChannelHandlerContext, _ client: InternetAddress) throws {
        let pipeline = context.pipeline.syncOperations
        if isImplicitTLS { try pipeline.addHandler(try TLSHandler(core.tls)) }
        guard let proto, let session = FakeStalwartSession(proto, core.settings, client) else {
            return try pipeline.addHandler(FakeStalwartPage())
        }
        try pipeline.addHandler(FakeStalwartLines(session, core, client, greetsAfterTLS: isImplicitTLS))
    }
}

/// Answers every request with "200 OK" and closes.
private final class FakeStalwartPage: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let answer = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nOK\n"

    private var request = ByteBuffer()

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        request.writeImmutableBuffer(unwrapInboundIn(data))
        guard String(buffer: request).contains("\r\n\r\n") else { return }
        request.clear()
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: Self.answer)), promise: nil)
        context.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

extension InternetAddress {
    fileprivate init?(_ address: SocketAddress?) {
        guard let address, let text = address.ipAddress, let ip = IPAddress(text), let port = address.port else {
            return nil
        }
        self.init(ip.unmapped, port: UInt16(clamping: port))
    }
}
