import CAres
import Glibc
import TailwartSystem
import TailwartWire

/// The sockets of a lookup that has name servers with link-local addresses: c-ares before 1.20 cannot say on which interface they are
/// (RFC 4007), so it is added as the socket is connected.
final class LinkSockets {
    private let interfaces: [IPAddress: UInt32]

    /// Nil where c-ares needs no help.
    init?(_ servers: ResolvConf) {
        let linked = servers.servers.filter { $0.interface != 0 }
        guard !linked.isEmpty else { return nil }
        interfaces = Dictionary(linked.map { ($0.address.ip, $0.interface) }) { first, _ in first }
    }

    /// - Parameter channel: must not outlive this.
    func open(for channel: ares_channel) {
        ares_set_socket_functions(channel, Self.functions, Unmanaged.passUnretained(self).toOpaque())
    }

    private func connect(_ socket: CInt, _ address: UnsafePointer<sockaddr>, _ length: socklen_t) -> CInt {
        guard CInt(address.pointee.sa_family) == AF_INET6, Int(length) >= MemoryLayout<sockaddr_in6>.size,
            let ip = SocketAddress(copying: address)?.internet?.ip, let interface = interfaces[ip]
        else { return Glibc.connect(socket, address, length) }
        var target = sockaddr_in6()
        withUnsafeMutableBytes(of: &target) {
            $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: $0.count))
        }
        target.sin6_scope_id = interface
        return withUnsafePointer(to: &target) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(socket, $0, length) }
        }
    }

    /// c-ares keeps the pointer. Written once, before anybody has it.
    private nonisolated(unsafe) static let functions: UnsafePointer<ares_socket_functions> = {
        let made = UnsafeMutablePointer<ares_socket_functions>.allocate(capacity: 1)
        made.initialize(
            to: ares_socket_functions(
                asocket: { family, type, proto, _ in
                    socket(family, type | CInt(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), proto)
                },
                aclose: { socket, _ in close(socket) },
                aconnect: { socket, address, length, links in
                    guard let address, let links else { return -1 }
                    return Unmanaged<LinkSockets>.fromOpaque(links).takeUnretainedValue()
                        .connect(socket, address, length)
                },
                arecvfrom: { socket, buffer, count, flags, address, length, _ in
                    guard let address else { return recv(socket, buffer, count, flags) }
                    return recvfrom(socket, buffer, count, flags, address, length)
                },
                asendv: { socket, parts, count, _ in writev(socket, parts, count) }))
        return UnsafePointer(made)
    }()
}
