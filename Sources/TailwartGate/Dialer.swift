import NIOCore
import NIOPosix
import TailwartWire

/// Connects to the first address of an endpoint that takes the connection, and lets a handler find out the rest.
struct Dialer: Sendable {
    let loop: any EventLoop
    let resolver: SystemResolver

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
            let failure = error as? ResolverFailure ?? .away("\(error)")
            return failure.finding(endpoint.host)
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

    /// - Parameter setUp: adds the handlers to the channel; one of them keeps the promise.
    func finding(
        at endpoint: HostAndPort, within limit: Duration,
        _ setUp: @escaping @Sendable (any Channel, EventLoopPromise<Finding>) throws -> Void
    ) async -> Finding {
        await tryAddresses(of: endpoint, within: limit) { address, deadline in
            do {
                return (try await talk(to: address, by: deadline, setUp), true)
            } catch {
                return (Finding(connecting: address, failed: error), false)
            }
        }
    }

    /// - Throws: whatever kept the connection from coming about.
    private func talk(
        to address: InternetAddress, by deadline: NIODeadline,
        _ setUp: @escaping @Sendable (any Channel, EventLoopPromise<Finding>) throws -> Void
    ) async throws -> Finding {
        let promise = loop.makePromise(of: Finding.self)
        let channel: any Channel
        do {
            channel = try await ClientBootstrap(group: loop)
                .connectTimeout(max(.zero, deadline - .now()))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture { try setUp(channel, promise) }
                }
                .connect(to: try SocketAddress(ipAddress: address.ip.description, port: Int(address.port))).get()
        } catch {
            promise.fail(error)
            throw error
        }
        let timeout = loop.scheduleTask(deadline: deadline) { promise.succeed(.silent) }
        defer {
            timeout.cancel()
            channel.close(promise: nil)
        }
        do {
            return try await promise.futureResult.get()
        } catch {
            return Finding(broken: error)
        }
    }
}
