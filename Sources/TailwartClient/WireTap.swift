import NIOCore

/// Stands where bytes arrive, before TLS: counts them, and keeps the first ones, which tell who is there.
///
/// Used on the event loop only.
final class WireTap: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// Bytes that are kept.
    private static let kept = 128

    /// The first bytes since the mark.
    private(set) var first: [UInt8] = []
    private var total = 0
    private var marked = NIODeadline.now()
    private var firstSign: NIODeadline?
    private let limit: Int
    private let overflow: () -> Void

    /// - Parameter limit: bytes of the whole connection.
    init(limit: Int, overflow: @escaping () -> Void) {
        self.limit = limit
        self.overflow = overflow
    }

    /// Between the mark and the first byte or the end.
    var delay: TimeAmount { (firstSign ?? .now()) - marked }

    /// What comes from here on is looked at by itself.
    ///
    /// - Parameter bytes: that came already, and belong to it.
    func mark(_ bytes: some Collection<UInt8> = []) {
        first = Array(bytes.prefix(Self.kept))
        marked = .now()
        firstSign = first.isEmpty ? nil : marked
    }

    func channelActive(context: ChannelHandlerContext) {
        mark()
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        firstSign = firstSign ?? .now()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { firstSign = firstSign ?? .now() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        firstSign = firstSign ?? .now()
        first += bytes.readableBytesView.prefix(Self.kept - first.count)
        total += bytes.readableBytes
        guard total <= limit else {
            overflow()
            return context.close(mode: .all, promise: nil)
        }
        context.fireChannelRead(data)
    }
}
