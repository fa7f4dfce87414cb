/// An IP address and a port: what the PROXY header carries and what a TCP socket is bound or connected to.
package struct InternetAddress: Sendable, Hashable, CustomStringConvertible {
    package var ip: IPAddress
    package var port: UInt16

    package init(_ ip: IPAddress, port: UInt16) {
        self.ip = ip
        self.port = port
    }

    /// IPv4-mapped IPv6 turned back into IPv4; see ``IPAddress/unmapped``.
    package var unmapped: InternetAddress { InternetAddress(ip.unmapped, port: port) }

    /// `192.0.2.1:25` or `[2001:db8::1]:25`.
    package var description: String {
        switch ip {
        case .v4: "\(ip):\(port)"
        case .v6: "[\(ip)]:\(port)"
        }
    }
}
