import Glibc
package import TailwartWire

/// The addresses that this host has at the moment.
package enum InterfaceAddresses {
    /// Of all interfaces, in the kernel's order; empty if it does not tell (getifaddrs(3)).
    package static func all() -> [IPAddress] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return [] }
        defer { freeifaddrs(first) }
        var found: [IPAddress] = []
        var next = first
        while let entry = next {
            // An interface without an address, such as one that is being set up, has none here.
            if let address = SocketAddress(copying: entry.pointee.ifa_addr)?.internet { found.append(address.ip) }
            next = entry.pointee.ifa_next
        }
        return found
    }
}
