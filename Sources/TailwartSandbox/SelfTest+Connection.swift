import NIOCore
import TailwartClient
import TailwartWire

/// Whom a client of the self-test trusts, and the name to ask for in the ClientHello.
struct SelfTestTLS: Sendable {
    let context: TLSContext
    let serverName: String?
    let checksName: Bool

    /// - Parameter checksName: whether the certificate has to be for `serverName`, or only of the authority.
    init(authority: Certificate, serverName: String?, checksName: Bool) throws {
        context = try TLSContext(trusting: .only(Authorities([authority])))
        self.serverName = serverName
        self.checksName = checksName
    }
}

extension ClientConnection {
    /// - Parameters:
    ///   - source: the client's own address; nil leaves it to the host.
    ///   - deadline: for each step.
    static func selfTest(
        to address: InternetAddress, from source: IPAddress? = nil, deadline: TimeAmount, group: any EventLoopGroup
    ) async throws(CheckFailure) -> ClientConnection {
        do {
            return try await open(
                to: SocketAddress(address), from: source.map { try SocketAddress(InternetAddress($0, port: 0)) },
                // The self-test asks for about one MiB at most.
                patience: .each(deadline), limits: Limits(line: 64 << 10, total: 4 << 20), hearsOut: true, group: group)
        } catch {
            throw CheckFailure("no connection to \(address): \(error)")
        }
    }

    func beginTLS(_ tls: SelfTestTLS) async throws(ConnectionEnd) {
        try await beginTLS(tls.context, serverName: tls.serverName, host: tls.checksName ? tls.serverName : nil)
    }
}
