import NIOCore
import TailwartClient
import TailwartCore
import TailwartSandbox
import TailwartWire

/// The first handler of a connection: who is banned, who must send a PROXY header, and how the connection ended.
final class FakeStalwartFront: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let core: FakeStalwartCore
    /// Nil: the setup page.
    private let proto: ListenerProtocol?
    private var peer = InternetAddress(.anyV4, port: 0)
    private var isTurnedAway = false
    private var awaitsHeader = false
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

    func channelActive(context: ChannelHandlerContext) {
        peer = InternetAddress(context.channel.remoteAddress) ?? peer
        let settings = core.settings
        let wantsHeader = proto.map { $0 != .https || settings.isHeaderOnHTTPS } ?? false
        do {
            if wantsHeader, settings.trusted.contains(where: { $0.contains(peer.ip) }) {
                awaitsHeader = true
                try context.pipeline.syncOperations.addHandler(
                    ProxyHeaderHandler(
                        deadline: nil, found: { [self] _, peers in try found(peers, context) },
                        refused: { [core] _ in core.count { $0.headerErrors += 1 } }))
            } else {
                try meet(peer, context)
            }
        } catch {
            return turnAway(context)
        }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        hasReceived = true
        if !isTurnedAway { context.fireChannelRead(data) }
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
        if end != .fake {
            if awaitsHeader { core.count { $0.headerErrors += 1 } }
            if !hasReceived { core.count { $0.emptyConnections += 1 } }
        }
        context.fireChannelInactive()
    }

    private func turnAway(_ context: ChannelHandlerContext) {
        isTurnedAway = true
        end = end ?? .fake
        context.close(promise: nil)
    }

    private func found(_ peers: ProxyHeader.Peers, _ context: ChannelHandlerContext) throws {
        awaitsHeader = false
        core.count { counters in
            counters.headers += 1
            if peers == .local { counters.localHeaders += 1 }
        }
        let client = if case .proxied(let client, _) = peers { client } else { peer }
        try meet(client, context)
    }

    /// Serves the client, or closes without a byte if it is banned.
    ///
    /// - Parameter client: from the header, or the peer itself.
    private func meet(_ client: InternetAddress, _ context: ChannelHandlerContext) throws {
        guard !core.isBanned(client.ip) else { return turnAway(context) }
        let pipeline = context.pipeline.syncOperations
        let tls = core.tls
        if proto == .https {
            try pipeline.addHandler(FakeStalwartRecords(choosing: core))
        } else if proto?.firstSpeaker == .client {
            try pipeline.addHandlers([FakeStalwartRecords(), try TLSHandler(tls)])
        }
        if let proto, let session = FakeStalwartSession(proto, core, client) {
            try pipeline.addHandler(LineSessionHandler(session, tls: tls))
        } else {
            try pipeline.addHandler(WebHandler(.mailbox) { _ in })
        }
    }
}

/// Where TLS comes first: bytes that are no TLS record are answered as rustls does; and whoever asks for the challenge of an order is shown it.
private final class FakeStalwartRecords: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// A fatal decode_error.
    private static let decodeError: [UInt8] = [21, 3, 3, 0, 2, 2, 50]

    private var isTLS: Bool?
    /// Nil: nothing is left to choose.
    private var core: FakeStalwartCore?
    private var hello = ByteBuffer()

    /// - Parameter core: knows what to answer a hello with; nil: the next handler knows by itself.
    init(choosing core: FakeStalwartCore? = nil) { self.core = core }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isTLS == nil {
            isTLS = unwrapInboundIn(data).readableBytesView.first == 22
            if isTLS == false {
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: Self.decodeError)), promise: nil)
                context.close(promise: nil)
            }
        }
        guard isTLS == true else { return }
        guard let core else { return context.fireChannelRead(data) }
        hello.writeImmutableBuffer(unwrapInboundIn(data))
        let tls: TLSContext
        let bytes = Array(buffer: hello)
        switch ClientHello.parse(bytes.span) {
        case .needMore: return
        case .found(let hello) where FakeStalwart.isChallenge(hello): tls = core.challenge ?? core.tls
        case .found, .invalid: tls = core.tls
        }
        self.core = nil
        do {
            try context.pipeline.syncOperations.addHandler(TLSHandler(tls), position: .after(self))
        } catch {
            return context.close(promise: nil)
        }
        context.fireChannelRead(wrapInboundOut(hello))
    }
}
