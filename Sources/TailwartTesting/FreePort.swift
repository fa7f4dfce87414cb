import Glibc
import Synchronization
import TailwartSystem
import TailwartWire

/// High ports for servers that need a number before they start.
package enum FreePort {
    /// Below Linux's range for outgoing connections (32768, ip(7)), so that no client takes a port between the check and
    /// the server's start.
    private static let range: Range<UInt16> = 20000..<32000
    /// Runs side by side start at different places.
    private static let next = Mutex(UInt16(getpid() % 119) * 100)

    package static func take() throws -> UInt16 {
        try next.withLock { next in
            for _ in range {
                let port = range.lowerBound + next
                next = (next + 1) % UInt16(range.count)
                if isFree(port) { return port }
            }
            throw TestFailure("no free port in \(range)")
        }
    }

    private static func isFree(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let address = SocketAddress(InternetAddress(.anyV4, port: port))
        return withUnsafePointer(to: address.storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, address.length) == 0
            }
        }
    }
}
