import Glibc
package import TailwartWire

/// Which way this host takes.
package enum RoutingTable {
    /// The address from which this host reaches another one, as the kernel chooses it for a connection; nil where there is no way. Nothing is sent:
    /// connect(2) of a datagram socket only looks it up.
    package static func source(towards address: IPAddress) -> IPAddress? {
        guard
            var descriptor = try? Socket.new(
                family: address.isV4 ? AF_INET : AF_INET6, type: CInt(SOCK_DGRAM.rawValue))
        else { return nil }
        defer { descriptor.close() }
        // Any port: discard.
        let peer = SocketAddress(InternetAddress(address, port: 9))
        guard descriptor.socket.connect(to: peer) == .connected else { return nil }
        return descriptor.socket.localAddress()?.ip
    }
}
