import NIOCore
import NIOPosix
import TailwartClient
import TailwartWire

/// What the sandbox offers, each on a port of its own.
package enum SandboxService: String, Sendable, CaseIterable {
    case smtp
    case submission
    case submissions
    case imaps
    /// The mailbox's own web side: policies and client configuration.
    case https
    /// Another web server of the same host, which owns every other name.
    case web
    /// Sends back what it gets: the plain stream that shows half-close.
    case echo

    /// A web server behind the edge is usually not told about clients; everything else is, as on a real mailbox.
    package var requiresProxyHeader: Bool { self != .https && self != .web }

    /// TLS from the first byte on (RFC 8314 section 3).
    var isImplicitTLS: Bool {
        switch self {
        case .submissions, .imaps, .https, .web: true
        case .smtp, .submission, .echo: false
        }
    }
}

/// Puts the handlers of a service together.
struct SandboxServices: Sendable {
    /// A mail client in IDLE is silent for up to 29 minutes (RFC 2177); a connection silent for longer is forgotten.
    private static let idleLimit = TimeAmount.minutes(31)
    /// For a browser to send its request.
    private static let webIdleLimit = TimeAmount.seconds(30)

    let certificates: SandboxCertificates
    let store = MessageStore()
    let connections = SandboxConnections()
    let headerDeadline: TimeAmount
    let report: @Sendable (SandboxEvent) -> Void

    func bootstrap(_ service: SandboxService, group: any EventLoopGroup) -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                connections.add(channel)
                return channel.eventLoop.makeCompletedFuture { try prepare(channel, for: service) }
            }
    }

    private func prepare(_ channel: any Channel, for service: SandboxService) throws {
        let pipeline = channel.pipeline.syncOperations
        let limit = service.requiresProxyHeader ? Self.idleLimit : Self.webIdleLimit
        try pipeline.addHandler(IdleStateHandler(allTimeout: limit))
        guard service.requiresProxyHeader else {
            let content: WebContent = service == .https ? .mailbox : .webServer
            let tls = service == .https ? certificates.mailboxContext : certificates.webContext
            try pipeline.addHandlers([
                try TLSHandler(tls),
                WebHandler(content) { report(.served(service, host: $0.host, path: $0.path)) },
            ])
            return
        }
        let header = ProxyHeaderHandler(
            deadline: headerDeadline,
            found: { context, peers in try greet(context, peers, on: service) },
            refused: { report(.headerRefused(service, reason: $0)) })
        try pipeline.addHandler(header)
    }

    private func greet(_ context: ChannelHandlerContext, _ peers: ProxyHeader.Peers, on service: SandboxService) throws
    {
        let client =
            switch peers {
            case .proxied(let client, _): client
            case .local: InternetAddress(context.channel.remoteAddress) ?? InternetAddress(.anyV4, port: 0)
            }
        let visit = SandboxVisit(service: service, client: client, store: store, report: report)
        report(.greeted(service, client: client))
        let pipeline = context.pipeline.syncOperations
        let tls = certificates.mailboxContext
        if service.isImplicitTLS { try pipeline.addHandler(try TLSHandler(tls)) }
        switch service {
        case .smtp, .submission, .submissions:
            try pipeline.addHandler(LineSessionHandler(SMTPSession(visit), store: store, tls: tls))
        case .imaps:
            try pipeline.addHandler(LineSessionHandler(IMAPSession(visit), store: store, tls: tls))
        case .echo:
            try pipeline.addHandler(EchoHandler { report(.echoed(bytes: $0, client: client)) })
        case .https, .web:
            break
        }
    }
}

/// What a service knows about the connection that it serves.
struct SandboxVisit: Sendable {
    let service: SandboxService
    /// From the PROXY header; for a LOCAL one the connection's own address.
    let client: InternetAddress
    let store: MessageStore
    let report: @Sendable (SandboxEvent) -> Void
}

extension SandboxVisit {
    /// Follows the protocol's own greeting words.
    var greeting: String { "Tailwart sandbox: you come from \(client.ip)" }
}

/// The name by which the sandbox introduces itself; example.org is reserved for such use (RFC 2606 section 3).
let sandboxHost = "sandbox.example.org"
