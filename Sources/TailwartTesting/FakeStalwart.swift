import NIOCore
import NIOPosix
import Synchronization
package import TailwartCore
import TailwartSandbox
package import TailwartWire

/// Stalwart as an edge meets it, in this process, on 127.0.0.1 and ports of its own: header, bans, certificates, states of its start.
/// The sandbox's servers, in a temper of its own.
///
/// - From a trusted network a connection must begin with a PROXY header; before it nothing is said, for however long.
/// - From any other address a header is taken for commands: `500 5.5.1` for each line of it, an alert where TLS comes first.
/// - Invalid commands are counted per address. ``Settings-swift.struct/banLimit`` of them are answered; the next gets no answer, and
///   the address is banned: accepted and closed without a byte. The address is the client's where a header names one, so a banned
///   edge serves its clients. There are no exceptions for loopback addresses. What an administrator blocks or allows is obeyed later.
/// - Of SMTP it takes so many connections from an address and no more (``Settings-swift.struct/throttle``), no EHLO without a dot, and no recipient
///   while its database is away or its disk is full.
/// - It orders a certificate when it is told to (``order(_:at:of:)``), and shows the one that it makes up until then.
/// - It listens for submissions with STARTTLS, IMAP and POP3 too, on 587, 143 and 110 as it were, so that these protocols are
///   covered. A fresh Stalwart does not.
///
/// It can be reconfigured, stopped and resumed while it runs, and keeps its ports. It ends with ``shutDown()``.
package final class FakeStalwart: Sendable {
    /// What listens: all mail protocols and `https`.
    package static let protocols = ListenerProtocol.allCases.filter { $0 != .tcp }

    /// In place of 8080: open whenever the fake runs, without header and TLS.
    package let setupPort: UInt16
    let core: FakeStalwartCore
    private let ports: [ListenerProtocol: UInt16]
    private let running = Mutex<Running?>(nil)

    private struct Running {
        var listeners: [any Channel] = []
        let connections = SandboxConnections()

        func end() async {
            for listener in listeners { try? await listener.close() }
            await connections.closeAll()
        }
    }

    private init(_ settings: Settings) throws {
        ports = try Dictionary(uniqueKeysWithValues: Self.protocols.map { ($0, try FreePort.take()) })
        setupPort = try FreePort.take()
        core = try FakeStalwartCore(settings)
    }

    package static func start(_ settings: Settings = Settings()) async throws -> FakeStalwart {
        let fake = try FakeStalwart(settings)
        try await fake.resume()
        return fake
    }

    /// Runs the body with a fake that is gone afterwards.
    package static func with(
        _ settings: Settings = Settings(), _ body: (FakeStalwart) async throws -> Void
    ) async throws {
        let fake = try await start(settings)
        do {
            try await body(fake)
        } catch {
            await fake.shutDown()
            throw error
        }
        await fake.shutDown()
    }

    /// - Parameter proto: any but `tcp`.
    package func port(_ proto: ListenerProtocol) -> UInt16 { ports[proto] ?? 0 }

    package func address(_ proto: ListenerProtocol) -> InternetAddress {
        InternetAddress(.loopbackV4, port: port(proto))
    }

    /// A copy of what was counted so far.
    package var counters: Counters { core.counters }

    package var bannedAddresses: Set<IPAddress> { core.banned }

    /// Makes a BlockedIp object, as an administrator does. Like its end, it is obeyed from ``reloadBlockedIPs()`` on, or the next start; a ban of
    /// the server's own is obeyed at once.
    package func block(_ address: IPAddress) { core.block(address) }
    package func unblock(_ address: IPAddress) { core.unblock(address) }

    /// `ReloadBlockedIps`.
    package func reloadBlockedIPs() { core.reloadBlockedIPs() }

    /// Makes an AllowedIp object, which is read at the next start and no sooner.
    package func allow(_ address: IPAddress) { core.allow(address) }

    /// From now on; connections that are open go on as they began.
    package func configure(_ change: (inout Settings) -> Void) async throws {
        let (before, after) = try core.configure(change)
        guard before.mode.hasMailPorts != after.mode.hasMailPorts, isRunning else { return }
        await stop()
        try await resume()
    }

    /// As an operator bans who is not wanted.
    package func ban(_ address: IPAddress) { core.ban(address) }

    /// Lifts all bans, and forgets what was counted for them and for the throttle.
    package func forgive() { core.forgive() }

    private var isRunning: Bool { running.withLock { $0 != nil } }

    /// All connections end, and all ports refuse.
    package func stop() async {
        let ended = running.withLock { running in
            defer { running = nil }
            return running
        }
        await ended?.end()
    }

    /// Listens on the same ports again.
    package func resume() async throws {
        guard !isRunning else { return }
        core.begin()
        var opened = Running()
        do {
            if core.settings.mode.hasMailPorts {
                for (proto, port) in ports { opened.listeners.append(try await listen(proto, on: port, opened)) }
            }
            opened.listeners.append(try await listen(nil, on: setupPort, opened))
        } catch {
            await opened.end()
            throw error
        }
        let running = opened
        self.running.withLock { $0 = running }
    }

    package func shutDown() async { await stop() }

    private func listen(_ proto: ListenerProtocol?, on port: UInt16, _ running: Running) async throws -> any Channel {
        try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { [core, connections = running.connections] channel in
                connections.add(channel)
                core.count { $0.connections += 1 }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(FakeStalwartFront(core, proto))
                }
            }
            .bind(host: "127.0.0.1", port: Int(port)).get()
    }
}
