package import TailwartWire

/// One destination of an upstream as the file writes it: `stalwart.tail1234.ts.net`, `192.0.2.1:2525`, `[2001:db8::1]:25`,
/// `unix:/run/x.sock`.
package struct EndpointConfiguration: Sendable, Equatable {
    package enum Host: Sendable, Equatable {
        /// To be resolved; as written.
        case name(String)
        case address(IPAddress)
        case unix(path: String)
    }

    package var host: Host
    /// Nil: the route's port, else the listener's. Always nil for a Unix socket.
    package var port: UInt16?
    package var weight: Int
    package var isBackup: Bool

    package init(_ host: Host, port: UInt16? = nil, weight: Int = Defaults.weight, isBackup: Bool = false) {
        self.host = host
        self.port = port
        self.weight = weight
        self.isBackup = isBackup
    }

    /// Host and port in the form that the file takes.
    package var text: String {
        switch (host, port) {
        case (.name(let name), nil): name
        case (.name(let name), let port?): "\(name):\(port)"
        case (.address(let address), nil): "\(address)"
        case (.address(let address), let port?): "\(InternetAddress(address, port: port))"
        case (.unix(let path), _): "unix:\(path)"
        }
    }
}
