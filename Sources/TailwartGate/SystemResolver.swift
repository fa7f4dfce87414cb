import Glibc
import NIOCore
import Synchronization
import TailwartSystem
import TailwartWire

/// Names to addresses as every other program of this host sees them: `getaddrinfo`, asked anew each time.
///
/// It can block for half a minute, so it has a thread of its own. Who gives up leaves it running, and who asks for the same name
/// meanwhile waits for the same answer: there is never more than one thread per name.
final class SystemResolver: Sendable {
    /// The rest of a longer list is not tried.
    private static let maximumAddresses = 8

    private let loop: any EventLoop
    private let running = Mutex<[String: EventLoopFuture<[IPAddress]>]>([:])

    init(loop: any EventLoop) {
        self.loop = loop
    }

    /// - Throws: ``ResolverFailure``.
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
                    let result = Result { try Self.lookupBlocking(host) }
                    self.running.withLock { $0[host] = nil }
                    promise.completeWith(result)
                }
                running[host] = promise.futureResult
            } catch {
                promise.fail(ResolverFailure.noThread)
            }
            return promise.futureResult
        }
    }

    private func within<Value: Sendable>(
        _ deadline: NIODeadline, _ future: EventLoopFuture<Value>
    ) -> EventLoopFuture<Value> {
        let promise = loop.makePromise(of: Value.self)
        let timeout = loop.scheduleTask(deadline: deadline) { promise.fail(ResolverFailure.away("it takes too long")) }
        future.whenComplete { result in
            timeout.cancel()
            promise.completeWith(result)
        }
        return promise.futureResult
    }

    private static func lookupBlocking(_ host: String) throws(ResolverFailure) -> [IPAddress] {
        var hints = addrinfo()
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        switch code {
        case 0: break
        // EAI_NODATA, which Swift's Glibc module does not show: the name is there and has no address.
        case EAI_NONAME, -5: throw .unknown
        default: throw .away(String(cString: gai_strerror(code)))
        }
        var addresses: [IPAddress] = []
        var next = list
        while let entry = next, addresses.count < maximumAddresses {
            if let address = SocketAddress(copying: entry.pointee.ai_addr)?.internet?.ip, !addresses.contains(address) {
                addresses.append(address)
            }
            next = entry.pointee.ai_next
        }
        guard !addresses.isEmpty else { throw .unknown }
        return addresses
    }
}

enum ResolverFailure: Error {
    case unknown
    case away(String)
    case noThread

    func finding(_ host: String) -> Finding {
        switch self {
        case .unknown: .nameUnknown(host)
        case .away(let reason): .nameServerAway(host, reason)
        case .noThread: .noDescriptor
        }
    }
}
