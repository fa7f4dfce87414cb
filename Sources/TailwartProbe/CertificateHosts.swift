import SwiftASN1
import TailwartCore
import TailwartWire
import X509

/// The hosts that a certificate is for: the subject alternative names and nothing else (RFC 9525 section 6).
struct CertificateHosts {
    private var names: [String] = []
    private var addresses: [IPAddress] = []

    init(_ certificate: Certificate) {
        guard let alternatives = try? certificate.extensions.subjectAlternativeNames else { return }
        for alternative in alternatives.prefix(CertificateReport.maximumNames) {
            switch alternative {
            case .dnsName(let name): names.append(name)
            case .ipAddress(let bytes):
                if let address = IPAddress(networkBytes: Array(bytes.bytes)) { addresses.append(address) }
            default: break
            }
        }
    }

    var texts: [String] { names + addresses.map { "\($0)" } }

    /// - Parameter host: a name or an address. A name is compared without case and final dot; a `*` stands for exactly the first
    ///   label (RFC 9525 section 6.3).
    func contains(_ host: String) -> Bool {
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
