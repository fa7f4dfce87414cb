import NIOCore
import Synchronization
import TailwartResolve
import TailwartSystem
import TailwartWire

/// Names to addresses by the hosts file and this host's name servers, asked anew each time.
///
/// That can block for half a minute, so it has a thread of its own. Who gives up leaves it running, and who asks for the same name
/// meanwhile waits for the same answer: there is never more than one thread per name.
final class SystemResolver: Sendable {
    /// The rest of a longer list is not tried.
    private static let maximumAddresses = 8

    private let loop: any EventLoop
    private let running = Mutex<[String: EventLoopFuture<[IPAddress]>]>([:])

    init(loop: any EventLoop) {
        self.loop = loop
    }

    /// - Throws: ``SystemNames/Failure``, or ``NoThread``.
    func addresses(of endpoint: HostAndPort, by deadline: NIODeadline) async throws -> [InternetAddress] {
        if let address = endpoint.address { return [InternetAddress(address, port: endpoint.port)] }
        let addresses = try await within(deadline, lookup(endpoint.host)).get()
        return addresses.map { InternetAddress($0, port: endpoint.port) }
    }

    private func lookup(_ host: String) -> EventLoopFuture<[IPAddress]> {
        running.withLock { running in
            if let future = running[host] { return future }
            let promise = loop.makePromise(of: [IPAddress].self)
            do {
                _ = try Thread(name: "lookup") {
                    let result = Result { Array(try SystemNames.addresses(of: host).prefix(Self.maximumAddresses)) }
                    self.running.withLock { $0[host] = nil }
                    promise.completeWith(result)
                }
                running[host] = promise.futureResult
            } catch {
                promise.fail(NoThread())
            }
            return promise.futureResult
        }
    }

    private func within<Value: Sendable>(
        _ deadline: NIODeadline, _ future: EventLoopFuture<Value>
    ) -> EventLoopFuture<Value> {
        let promise = loop.makePromise(of: Value.self)
        let timeout = loop.scheduleTask(deadline: deadline) {
            promise.fail(SystemNames.Failure.away("it takes too long"))
        }
        future.whenComplete { result in
            timeout.cancel()
            promise.completeWith(result)
        }
        return promise.futureResult
    }
}

/// There are no threads left.
struct NoThread: Error {}
