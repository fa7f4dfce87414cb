package import NIOCore
import NIOPosix
import TailwartClient
import TailwartWire

/// An embedded mailbox that speaks just enough SMTP, IMAP and HTTPS to show the edge at work and to test it.
///
/// It behaves as a mail server behind an edge should: on its mail ports the PROXY header is required, and nothing is said before.
/// It keeps the last messages in memory and lets everybody in, so it must not be reachable from elsewhere: it listens on
/// 127.0.0.1 only.
package final class Sandbox: Sendable {
    package let ports: SandboxPorts
    package let certificates: SandboxCertificates
    /// What the mailbox learns, for one reader. Old events are dropped if nobody reads.
    package let events: AsyncStream<SandboxEvent>

    let group: any EventLoopGroup
    private let continuation: AsyncStream<SandboxEvent>.Continuation
    private let listeners: [any Channel]
    private let connections: SandboxConnections

    /// Events kept for a reader that is slow.
    private static let eventCapacity = 1024

    private init(
        _ ports: SandboxPorts, _ services: SandboxServices, listeners: [any Channel], group: any EventLoopGroup,
        events: (stream: AsyncStream<SandboxEvent>, continuation: AsyncStream<SandboxEvent>.Continuation)
    ) {
        self.ports = ports
        self.certificates = services.certificates
        self.events = events.stream
        self.group = group
        self.continuation = events.continuation
        self.listeners = listeners
        self.connections = services.connections
    }

    /// Listens on a free port of 127.0.0.1 for each service.
    ///
    /// - Parameter headerDeadline: how long a connection may take to send its PROXY header; 5 s unless a test is in a hurry.
    package static func start(
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, headerDeadline: TimeAmount? = nil
    ) async throws -> Sandbox {
        let events = AsyncStream.makeStream(of: SandboxEvent.self, bufferingPolicy: .bufferingNewest(eventCapacity))
        let services = SandboxServices(
            certificates: try SandboxCertificates(),
            headerDeadline: headerDeadline ?? ProxyHeaderHandler.defaultDeadline,
            report: { events.continuation.yield($0) })
        var ports = SandboxPorts()
        var listeners: [any Channel] = []
        do {
            // Not `bind(host:)`, which asks `getaddrinfo`.
            let loopback = try SocketAddress(ipAddress: "127.0.0.1", port: 0)
            for service in SandboxService.allCases {
                let listener = try await services.bootstrap(service, group: group).bind(to: loopback).get()
                listeners.append(listener)
                ports[service] = UInt16(clamping: listener.localAddress?.port ?? 0)
            }
        } catch {
            for listener in listeners { try? await listener.close() }
            throw error
        }
        return Sandbox(ports, services, listeners: listeners, group: group, events: events)
    }

    /// Closes everything; the event stream ends. At most about two seconds, for TLS goodbyes.
    package func shutdown() async {
        for listener in listeners { try? await listener.close() }
        await connections.closeAll()
        continuation.finish()
    }
}
