import NIOCore
import NIOPosix
import NIOSSL
import TailwartWire

/// A client of the self-test: one TCP connection, every step of it with a deadline.
struct ClientConnection: Sendable {
    /// Whom to trust, and the name to ask for in the ClientHello.
    struct TLS: Sendable {
        let context: NIOSSLContext
        let serverName: String?

        /// - Parameter checksName: whether the certificate has to be for `serverName`, or only of the authority.
        init(authority: NIOSSLCertificate, serverName: String?, checksName: Bool) throws {
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.trustRoots = .certificates([authority])
            configuration.certificateVerification = checksName ? .fullVerification : .noHostnameVerification
            configuration.minimumTLSVersion = .tlsv12
            context = try NIOSSLContext(configuration: configuration)
            self.serverName = serverName
        }

        func handler() throws -> NIOSSLClientHandler {
            try NIOSSLClientHandler(context: context, serverHostname: serverName)
        }
    }

    private let channel: any Channel
    private let inbox: NIOLoopBound<ClientInbox>
    private let deadline: TimeAmount

    /// - Parameters:
    ///   - source: the client's own address; nil leaves it to the host.
    ///   - tls: for TLS from the first byte on.
    static func open(
        to address: InternetAddress, from source: IPAddress? = nil, tls: TLS? = nil, deadline: TimeAmount,
        group: any EventLoopGroup
    ) async throws -> ClientConnection {
        var bootstrap = ClientBootstrap(group: group)
            .connectTimeout(deadline)
            .channelOption(.allowRemoteHalfClosure, value: true)
        if let source {
            bootstrap = bootstrap.bind(to: try SocketAddress(ipAddress: source.description, port: 0))
        }
        let target = try SocketAddress(ipAddress: address.ip.description, port: Int(address.port))
        do {
            return try await bootstrap.connect(to: target) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let inbox = ClientInbox()
                    if let tls { try channel.pipeline.syncOperations.addHandler(tls.handler()) }
                    try channel.pipeline.syncOperations.addHandler(inbox)
                    let bound = NIOLoopBound(inbox, eventLoop: channel.eventLoop)
                    return ClientConnection(channel: channel, inbox: bound, deadline: deadline)
                }
            }
        } catch {
            throw CheckFailure("no connection to \(address): \(error)")
        }
    }

    func send(_ text: String, isLast: Bool = false) async throws {
        try await send(ByteBuffer(string: text), isLast: isLast)
    }

    /// - Parameter isLast: whether the client's end goes right behind the bytes, so that the server sees both before it can
    ///   answer. The server may still answer.
    func send(_ bytes: ByteBuffer, isLast: Bool = false) async throws {
        let channel = channel
        // A write has no deadline of its own: closing the channel ends it.
        let timeout = channel.eventLoop.scheduleTask(in: deadline) { channel.close(promise: nil) }
        defer { timeout.cancel() }
        do {
            try await channel.eventLoop.flatSubmit {
                let written = channel.writeAndFlush(bytes)
                return isLast ? written.flatMap { channel.close(mode: .output) } : written
            }.get()
        } catch {
            throw CheckFailure("the connection broke while \(bytes.readableBytes) bytes were sent: \(error)")
        }
    }

    func line() async throws -> String { String(buffer: try await take(.line)) }

    func bytes(_ count: Int) async throws -> ByteBuffer { try await take(.bytes(count)) }

    func rest() async throws -> ByteBuffer { try await take(.rest) }

    /// The leaf that the server showed, known once it has answered.
    func peerCertificate() async throws -> NIOSSLCertificate? {
        let inbox = inbox
        return try await channel.eventLoop.submit { inbox.value.peerCertificate }.get()
    }

    func startTLS(_ tls: TLS) async throws {
        let channel = channel
        try await channel.eventLoop.submit {
            try channel.pipeline.syncOperations.addHandler(tls.handler(), position: .first)
        }.get()
    }

    /// Does not wait for the server's goodbye.
    func close() { channel.close(promise: nil) }

    private func take(_ wanted: ClientInbox.Wanted) async throws -> ByteBuffer {
        let (inbox, deadline, loop) = (inbox, deadline, channel.eventLoop)
        return try await loop.flatSubmit { inbox.value.take(wanted, deadline: deadline, on: loop) }.get()
    }
}
