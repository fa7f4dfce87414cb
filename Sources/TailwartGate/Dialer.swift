import NIOCore
import TailwartClient
import TailwartCore
import TailwartResolve
import TailwartWire

/// Connects to the first address of an endpoint that takes the connection, and lets a handler find out the rest.
struct Dialer: Sendable {
    let loop: any EventLoop
    let resolver: SystemResolver
    /// The socket of the tailscaled that makes the connections, and knows the names; nil: this host does.
    let tailscaled: String?

    /// Asks every address in turn, until one of them makes something of the connection.
    ///
    /// - Parameter ask: is given its share of the time; nil if the next address is to be tried.
    func tryAddresses(
        of endpoint: HostAndPort, within limit: Duration,
        _ ask: (InternetAddress, NIODeadline) async -> (finding: Finding, isLast: Bool)
    ) async -> Finding {
        let deadline = NIODeadline.now() + TimeAmount(limit)
        let addresses: [InternetAddress]
        do {
            addresses = try await resolver.addresses(of: endpoint, by: deadline)
        } catch {
            switch error as? SystemNames.Failure {
            case .unknown: return .nameUnknown(endpoint.host)
            case .away(let reason): return .nameServerAway(endpoint.host, reason)
            case nil: return .noDescriptor
            }
        }
        var failures: [Finding] = []
        for (index, address) in addresses.enumerated() {
            let now = NIODeadline.now()
            let share = TimeAmount.nanoseconds((max(deadline, now) - now).nanoseconds / Int64(addresses.count - index))
            let (finding, isLast) = await ask(address, now + share)
            if isLast { return finding }
            failures.append(finding)
        }
        // A host without IPv6 has no way to the first address, which is not what is wrong.
        return failures.first { $0.state != "unreachable" } ?? failures.first ?? .nameUnknown(endpoint.host)
    }

    /// - Parameters:
    ///   - limits: of what the server may send.
    ///   - ask: holds the conversation; what it throws is why it broke off.
    func finding(
        at endpoint: HostAndPort, within limit: Duration, limits: ClientConnection.Limits = .init(),
        _ ask: (ClientConnection) async throws(ConnectionEnd) -> Finding
    ) async -> Finding {
        if let way = way(to: endpoint) {
            let dial = Dial(way: way, deadline: .now() + TimeAmount(limit), group: loop)
            switch await dial.run() {
            case .failed(let verdict, let detail): return Finding(dialling: endpoint, verdict, detail)
            case .connected(let connection, _): return await Self.converse(connection, ask)
            }
        }
        return await tryAddresses(of: endpoint, within: limit) { address, deadline in
            let connection: ClientConnection
            do {
                connection = try await ClientConnection.open(
                    to: SocketAddress(address), patience: .until(deadline), limits: limits, group: loop)
            } catch {
                return (Finding(connecting: address, failed: error), false)
            }
            return (await Self.converse(connection, ask), true)
        }
    }

    /// Through tailscaled, if connections are made there.
    func way(to endpoint: HostAndPort) -> DialWay? {
        tailscaled.map { .tailscale(socket: $0, host: endpoint.host, port: endpoint.port) }
    }

    private static func converse(
        _ connection: ClientConnection, _ ask: (ClientConnection) async throws(ConnectionEnd) -> Finding
    ) async -> Finding {
        defer { connection.abort() }
        do throws(ConnectionEnd) {
            return try await ask(connection)
        } catch {
            return Finding(broken: error)
        }
    }
}
