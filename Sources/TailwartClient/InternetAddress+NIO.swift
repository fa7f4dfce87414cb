package import NIOCore
package import TailwartWire

extension InternetAddress {
    /// The address of a TCP socket; nil for any other.
    package init?(_ address: SocketAddress?) {
        guard let address, let text = address.ipAddress, let ip = IPAddress(text), let port = address.port else {
            return nil
        }
        self.init(ip, port: UInt16(clamping: port))
    }
}

extension SocketAddress {
    package init(_ address: InternetAddress) throws {
        try self.init(ipAddress: address.ip.description, port: Int(address.port))
    }
}
