import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

/// The receiving end of a ``ProbeConnection``: keeps what arrives until somebody waits for it. Used on the event loop only.
final class ProbeInbox: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// What a wait waits for.
    enum Wanted {
        case line
        /// More bytes than this, without taking them.
        case bytes(moreThan: Int)
        case handshake
        /// Only the end; what arrives before is dropped.
        case end
    }

    /// Bytes of a line with its end. RFC 5321 section 4.5.3.1.5 allows 512 in a reply; capabilities of IMAP are on one line.
    static let maximumLine = 4096

    /// As the server sent it in the handshake, its own certificate first.
    var chain: [NIOSSLCertificate] = []
    private(set) var received = ByteBuffer()
    private(set) var isHandshaken = false
    private var end: Arrival.End?
    private var waiter: (wanted: Wanted, promise: EventLoopPromise<Arrival>, timeout: Scheduled<Void>)?

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received.writeImmutableBuffer(unwrapInboundIn(data))
        serve()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted = event {
            isHandshaken = true
            serve()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish(.closed)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        finish(Arrival.End(error))
        context.close(promise: nil)
    }

    /// The first reason holds.
    func finish(_ reason: Arrival.End) {
        if end == nil { end = reason }
        serve()
    }

    func take(_ wanted: Wanted, until deadline: NIODeadline, on loop: any EventLoop) -> EventLoopFuture<Arrival> {
        let promise = loop.makePromise(of: Arrival.self)
        guard waiter == nil else {
            promise.succeed(.end(.deadline))
            return promise.futureResult
        }
        let timeout = loop.assumeIsolated().scheduleTask(deadline: deadline) { self.answer(.end(.deadline)) }
        waiter = (wanted, promise, timeout)
        serve()
        return promise.futureResult
    }

    /// Takes away bytes that were seen by waiting for `.bytes`.
    func drop(_ count: Int) { received.moveReaderIndex(forwardBy: min(count, received.readableBytes)) }

    private func serve() {
        guard let wanted = waiter?.wanted else { return }
        if let arrival = extract(wanted) {
            answer(arrival)
        } else if let end {
            answer(.end(end))
        }
    }

    private func answer(_ arrival: Arrival) {
        guard let (_, promise, timeout) = waiter else { return }
        waiter = nil
        timeout.cancel()
        promise.succeed(arrival)
    }

    private func extract(_ wanted: Wanted) -> Arrival? {
        switch wanted {
        case .line: return line()
        case .bytes(let count): return received.readableBytes > count ? .bytes : nil
        case .handshake: return isHandshaken ? .handshaken : nil
        case .end:
            received.clear()
            return nil
        }
    }

    private func line() -> Arrival? {
        let view = received.readableBytesView
        guard let lineFeed = view.prefix(Self.maximumLine).firstIndex(of: UInt8(ascii: "\n")) else {
            return view.count < Self.maximumLine ? nil : .end(.tooMuch)
        }
        var line = view[view.startIndex..<lineFeed]
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        let taken = ServerLine(line)
        received.moveReaderIndex(forwardBy: lineFeed - view.startIndex + 1)
        return .line(taken)
    }
}

extension Arrival.End {
    fileprivate init(_ error: any Error) {
        switch error {
        // Most mail servers close without close_notify after the goodbye.
        case NIOSSLError.uncleanShutdown: self = .closed
        case is IOError: self = .reset
        default:
            let text = "\(error)"
            if text.contains("EOF during handshake") {
                self = .closed
            } else {
                self = .tls(Self.reason(text))
            }
        }
    }

    /// BoringSSL's own word, as in `…:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER at …`, in small letters.
    private static func reason(_ text: String) -> String {
        let parts = text.split(separator: "OPENSSL_internal:", maxSplits: 1)
        guard parts.count == 2 else { return Quoted.text(text.utf8) }
        let word = parts[1].prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        return word.lowercased().split(separator: "_").joined(separator: " ")
    }
}
