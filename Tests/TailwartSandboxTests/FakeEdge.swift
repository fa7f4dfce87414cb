import NIOCore
import NIOPosix
import TailwartClient
import TailwartWire

@testable import TailwartSandbox

/// The least that can stand between the self-test and the sandbox, and ways in which it can be wrong.
struct FakeEdge {
    enum Fault: Sendable, CaseIterable {
        case none
        case noHeader
        case wrongClient
        case swappedWebServers
        /// The client's end closes both sides.
        case noHalfClose
        /// Nothing listens on ::1.
        case noIPv6
    }

    let ports: EdgePorts
    private let listeners: [any Channel]

    static func start(for sandbox: Sandbox, _ fault: Fault) async throws -> FakeEdge {
        var listeners: [any Channel] = []
        func listen(_ service: SandboxService, on host: String = "127.0.0.1") async throws -> UInt16 {
            let listener = try await ServerBootstrap(group: sandbox.group)
                .childChannelOption(.allowRemoteHalfClosure, value: true)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(EdgePipe(service, sandbox.ports, fault))
                    }
                }
                .bind(host: host, port: 0).get()
            listeners.append(listener)
            return UInt16(clamping: listener.localAddress?.port ?? 0)
        }
        var ports = EdgePorts(
            smtp: try await listen(.smtp), submissions: try await listen(.submissions), imaps: try await listen(.imaps),
            https: try await listen(.https), echo: try await listen(.echo))
        if fault != .noIPv6 { ports.smtpV6 = try? await listen(.smtp, on: "::1") }
        return FakeEdge(ports: ports, listeners: listeners)
    }

    func stop() async {
        for listener in listeners { try? await listener.close() }
    }
}

/// One side of a pipe. The client's side makes the upstream's side, on the same event loop.
private final class EdgePipe: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let service: SandboxService
    private let ports: SandboxPorts
    private let fault: FakeEdge.Fault
    private var other: (any Channel)?
    private var isDialling = false
    private var pending = ByteBuffer()
    private var isInputClosed = false

    init(_ service: SandboxService, _ ports: SandboxPorts, _ fault: FakeEdge.Fault, other: (any Channel)? = nil) {
        self.service = service
        self.ports = ports
        self.fault = fault
        self.other = other
    }

    func channelActive(context: ChannelHandlerContext) {
        if other == nil, service.requiresProxyHeader { dial(ports[service], context) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        if let other { return other.writeAndFlush(bytes, promise: nil) }
        pending.writeImmutableBuffer(bytes)
        if !isDialling { dial(webPort(), context) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else { return }
        isInputClosed = true
        if fault == .noHalfClose {
            other?.close(promise: nil)
            context.close(promise: nil)
        } else if let other {
            passEnd(to: other)
        }
    }

    func channelInactive(context: ChannelHandlerContext) { other?.close(promise: nil) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    /// After everything before it.
    private func passEnd(to other: any Channel) {
        other.writeAndFlush(ByteBuffer()).whenComplete { _ in other.close(mode: .output, promise: nil) }
    }

    /// The server name stands in the ClientHello in the clear; a real edge parses, this one looks for the text.
    private func webPort() -> UInt16 {
        let hello = String(decoding: pending.readableBytesView, as: UTF8.self)
        let isMailbox = ["mta-sts.", "autoconfig.", "autodiscover.", "ua-auto-config."]
            .contains { hello.contains($0 + "example.org") }
        return isMailbox != (fault == .swappedWebServers) ? ports.https : ports.web
    }

    private func dial(_ port: UInt16, _ context: ChannelHandlerContext) {
        isDialling = true
        let client = context.channel
        let (service, ports, fault) = (service, ports, fault)
        ClientBootstrap(group: context.eventLoop)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(EdgePipe(service, ports, fault, other: client))
                }
            }
            .connect(host: "127.0.0.1", port: Int(port)).assumeIsolated().whenComplete { result in
                guard case .success(let upstream) = result else { return client.close(promise: nil) }
                var first = self.header(of: client)
                first.writeImmutableBuffer(self.pending)
                if first.readableBytes > 0 { upstream.writeAndFlush(first, promise: nil) }
                self.other = upstream
                if self.isInputClosed { self.passEnd(to: upstream) }
            }
    }

    private func header(of client: any Channel) -> ByteBuffer {
        guard service.requiresProxyHeader, fault != .noHeader else { return ByteBuffer() }
        guard fault != .wrongClient, let address = InternetAddress(client.remoteAddress) else { return proxyHeader() }
        return proxyHeader(for: address)
    }
}
