import CTailwartTLS
package import TailwartWire

/// The hosts that a certificate is for: the subject alternative names and nothing else (RFC 9525 section 6).
extension Certificate {
    /// Names that are read of one certificate; public authorities put at most 100 into one.
    package static let maximumNames = 100

    package struct Hosts: Sendable, Equatable {
        package var names: [String] = []
        package var addresses: [IPAddress] = []

        /// For people, names first.
        package var texts: [String] { names + addresses.map { "\($0)" } }

        /// - Parameter host: a name or an address. A name is compared without case and final dot; a `*` stands for exactly the first
        ///   label (RFC 9525 section 6.3).
        package func contains(_ host: String) -> Bool {
            if let address = IPAddress(host) { return addresses.contains(address) }
            let host = Self.plain(host)
            return names.contains { name in
                let name = Self.plain(name)
                guard name.hasPrefix("*.") else { return name == host }
                guard let dot = host.firstIndex(of: "."), dot != host.startIndex else { return false }
                // "*.org" would be for every organisation.
                return name.dropFirst() == host[dot...] && name.dropFirst(2).contains(".")
            }
        }

        private static func plain(_ name: String) -> String {
            let name = name.lowercased()
            return name.hasSuffix(".") ? String(name.dropLast()) : name
        }
    }

    /// At most ``maximumNames``.
    package var hosts: Hosts {
        var hosts = Hosts()
        guard let list = tls_alternative_names(pointer) else {
            ERR_clear_error()
            return hosts
        }
        defer { GENERAL_NAMES_free(list) }
        for index in 0..<min(tls_alternative_count(list), Int32(Self.maximumNames)) {
            var start: UnsafePointer<UInt8>?
            var length: Int32 = 0
            let kind = tls_alternative(list, index, &start, &length)
            let bytes = Array(UnsafeBufferPointer(start: start, count: kind == 0 ? 0 : max(0, Int(length))))
            switch kind {
            case GEN_DNS: hosts.names.append(String(decoding: bytes, as: UTF8.self))
            case GEN_IPADD: if let address = IPAddress(networkBytes: bytes) { hosts.addresses.append(address) }
            default: break
            }
        }
        return hosts
    }
}

extension IPAddress {
    /// 4 or 16 bytes.
    fileprivate init?(networkBytes bytes: [UInt8]) {
        func integer(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
        switch bytes.count {
        case 4: self = .v4(UInt32(truncatingIfNeeded: integer(0..<4)))
        case 16: self = .v6(integer(0..<8), integer(8..<16))
        default: return nil
        }
    }
}
