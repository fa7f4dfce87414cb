/// Version 2, binary (section 2.2): signature, version and command, family and transport, length, addresses,
/// extensions.
extension ProxyHeader {
    static func parseV2(_ bytes: Span<UInt8>) throws(Stop) -> ProxyHeader {
        for index in 0..<signature.count {
            guard try byte(index, of: bytes) == signature[index] else { throw .invalid(.notProxy) }
        }
        let versionAndCommand = try byte(12, of: bytes)
        guard versionAndCommand >> 4 == 2 else { throw .invalid(.badVersion) }
        guard versionAndCommand & 0xf <= 1 else { throw .invalid(.unknownCommand) }
        let isLocal = versionAndCommand & 0xf == 0
        let family = try family(try byte(13, of: bytes), isLocal: isLocal)
        let end = try headerEnd(bytes)
        if isLocal {
            // "must accept, use the real endpoints, and skip": a LOCAL header need not hold what its family says.
            guard bytes.count >= end else { throw .needMore }
            return ProxyHeader(version: .v2, peers: .local, length: end)
        }
        let addressEnd = v2PreambleLength + family.addressLength
        guard addressEnd <= end else { throw .invalid(.badLength) }
        let peers = try peers(family, bytes)
        try checkExtensions(bytes, from: addressEnd, to: end)
        return ProxyHeader(version: .v2, peers: peers, length: end)
    }

    private enum Family {
        case unspecified
        case inet
        case inet6
        case unix

        /// Bytes of both addresses and, for internet families, both ports.
        var addressLength: Int {
            switch self {
            case .unspecified: 0
            case .inet: 12
            case .inet6: 36
            case .unix: 216
            }
        }
    }

    /// Known values only, in LOCAL headers too (section 2.2: others must be rejected). Addresses need a stream, as mail
    /// runs over nothing else.
    private static func family(_ byte: UInt8, isLocal: Bool) throws(Stop) -> Family {
        let family: Family
        switch byte >> 4 {
        case 0: family = .unspecified
        case 1: family = .inet
        case 2: family = .inet6
        case 3: family = .unix
        default: throw .invalid(.unknownFamily)
        }
        let transport = byte & 0xf
        let isFree = isLocal || (family == .unspecified && transport == 0)
        let fits = isFree ? transport <= 2 : transport == 1
        guard fits else { throw .invalid(.unsupportedTransport) }
        return family
    }

    private static func headerEnd(_ bytes: Span<UInt8>) throws(Stop) -> Int {
        let high = v2PreambleLength + Int(try byte(14, of: bytes)) << 8
        guard high <= maximumV2Length else { throw .invalid(.headerTooLong) }
        let end = high + Int(try byte(15, of: bytes))
        guard end <= maximumV2Length else { throw .invalid(.headerTooLong) }
        return end
    }

    private static func peers(_ family: Family, _ bytes: Span<UInt8>) throws(Stop) -> Peers {
        guard bytes.count >= v2PreambleLength + family.addressLength else { throw .needMore }
        switch family {
        case .unspecified, .unix:
            return .local
        case .inet:
            return try proxied(
                InternetAddress(.v4(integer(bytes, at: 16)), port: integer(bytes, at: 24)),
                InternetAddress(.v4(integer(bytes, at: 20)), port: integer(bytes, at: 26)))
        case .inet6:
            return try proxied(
                InternetAddress(.v6(integer(bytes, at: 16), integer(bytes, at: 24)), port: integer(bytes, at: 48)),
                InternetAddress(.v6(integer(bytes, at: 32), integer(bytes, at: 40)), port: integer(bytes, at: 50)))
        }
    }

    /// Walks the extensions inside the header's own length: what follows the header is payload, and taking it for
    /// extensions was a bug of HAProxy twice.
    private static func checkExtensions(_ bytes: Span<UInt8>, from start: Int, to end: Int) throws(Stop) {
        var offset = start
        var checksum: Int?
        while offset < end {
            guard offset + 3 <= end else { throw .invalid(.badTLV) }
            let type = try byte(offset, of: bytes)
            guard offset + 3 <= bytes.count else { throw .needMore }
            let length = Int(integer(bytes, at: offset + 1) as UInt16)
            let value = offset + 3
            guard value + length <= end else { throw .invalid(.badTLV) }
            switch type {
            case Extension.crc32c:
                guard length == 4, checksum == nil else { throw .invalid(.badTLV) }
                checksum = value
            case Extension.uniqueID:
                guard length <= maximumUniqueIDLength else { throw .invalid(.badTLV) }
            case Extension.authority:
                guard length <= maximumAuthorityLength else { throw .invalid(.badTLV) }
            default:
                break
            }
            offset = value + length
        }
        guard bytes.count >= end else { throw .needMore }
        if let checksum {
            let sum = CRC32C.checksum(of: bytes.extracting(..<end), zeroing: checksum..<(checksum + 4))
            guard sum == integer(bytes, at: checksum) else { throw .invalid(.badChecksum) }
        }
    }

    private static func byte(_ index: Int, of bytes: Span<UInt8>) throws(Stop) -> UInt8 {
        guard index < bytes.count else { throw .needMore }
        return bytes[index]
    }

    /// An integer in network byte order; the caller has checked that it is there.
    private static func integer<Value: FixedWidthInteger>(_ bytes: Span<UInt8>, at offset: Int) -> Value {
        var value: Value = 0
        for index in offset..<(offset + Value.bitWidth / 8) {
            value = value << 8 | Value(truncatingIfNeeded: bytes[index])
        }
        return value
    }
}
