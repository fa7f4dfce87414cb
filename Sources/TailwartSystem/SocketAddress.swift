package import Glibc
package import TailwartWire

/// An address in the form that the kernel takes and gives.
package struct SocketAddress: Sendable {
    package private(set) var storage: sockaddr_storage
    package private(set) var length: socklen_t

    package init(_ address: InternetAddress) {
        storage = sockaddr_storage()
        switch address.ip {
        case .v4(let bits):
            var internet = sockaddr_in()
            internet.sin_family = sa_family_t(AF_INET)
            internet.sin_port = address.port.bigEndian
            internet.sin_addr.s_addr = bits.bigEndian
            length = Self.store(internet, in: &storage)
        case .v6(let high, let low):
            var internet = sockaddr_in6()
            internet.sin6_family = sa_family_t(AF_INET6)
            internet.sin6_port = address.port.bigEndian
            withUnsafeMutableBytes(of: &internet.sin6_addr) { bytes in
                bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
                bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            length = Self.store(internet, in: &storage)
        }
    }

    /// The longest path of a unix socket, in bytes (unix(7)).
    package static let maximumPathLength = 107

    /// Nil if the path is longer than ``maximumPathLength``.
    package init?(unixPath path: String) {
        guard path.utf8.count <= Self.maximumPathLength else { return nil }
        storage = sockaddr_storage()
        var local = sockaddr_un()
        local.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &local.sun_path) { $0.copyBytes(from: path.utf8) }
        length = Self.store(local, in: &storage)
    }

    /// As `$NOTIFY_SOCKET` names it (sd_notify(3)): a path, or a name in the abstract namespace behind an `@`; nil for any other.
    init?(notifySocket name: String) {
        if name.utf8.first == UInt8(ascii: "/") {
            self.init(unixPath: name)
        } else if name.utf8.first == UInt8(ascii: "@"), name.utf8.count > 1 {
            self.init(unixPath: name)
            withUnsafeMutableBytes(of: &storage) { $0[MemoryLayout<sa_family_t>.size] = 0 }
            // Every byte up to the length is part of an abstract name (unix(7)).
            length = socklen_t(MemoryLayout<sa_family_t>.size + name.utf8.count)
        } else {
            return nil
        }
    }

    /// What `call` (accept, getsockname…) fills in; nil if it says less than 0.
    init?(filling call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> CInt) {
        storage = sockaddr_storage()
        length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var length = length
        let result = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, &length) }
        }
        guard result >= 0 else { return nil }
        self.length = length
    }

    /// A copy of an IPv4 or IPv6 address that a library gave; nil for any other family.
    package init?(copying address: UnsafePointer<sockaddr>?) {
        guard let address else { return nil }
        storage = sockaddr_storage()
        switch CInt(address.pointee.sa_family) {
        case AF_INET: length = socklen_t(MemoryLayout<sockaddr_in>.size)
        case AF_INET6: length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        default: return nil
        }
        let count = Int(length)
        withUnsafeMutableBytes(of: &storage) {
            $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: count))
        }
    }

    package var family: CInt { CInt(storage.ss_family) }

    /// Nil for any family but IPv4 and IPv6.
    package var internet: InternetAddress? {
        withUnsafeBytes(of: storage) { bytes in
            switch family {
            case AF_INET:
                let internet = bytes.load(as: sockaddr_in.self)
                return InternetAddress(
                    .v4(UInt32(bigEndian: internet.sin_addr.s_addr)), port: UInt16(bigEndian: internet.sin_port))
            case AF_INET6:
                let port = UInt16(bigEndian: bytes.load(as: sockaddr_in6.self).sin6_port)
                let high = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
                let low = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
                return InternetAddress(.v6(high, low), port: port)
            default:
                return nil
            }
        }
    }

    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }

    private static func store<Address>(_ address: Address, in storage: inout sockaddr_storage) -> socklen_t {
        withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: address, as: Address.self) }
        return socklen_t(MemoryLayout<Address>.size)
    }
}
