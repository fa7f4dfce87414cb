/// Writing, without a heap. Addresses are passed unmapped; where the two families differ both go out as IPv6, the IPv4
/// one mapped.
///
/// The memory holds at least ``maximumWrittenLength`` bytes, or 107 for version 1 and 16 for LOCAL; each function
/// answers how many it filled.
extension ProxyHeader {
    /// Bytes of the longest header that can come out: IPv6 addresses, two extensions of 255 bytes, one of 128, and the
    /// checksum.
    ///
    /// Without extensions it is 52, and any real server name stays under the 536 bytes of the smallest TCP segment, so
    /// that the header leaves in one piece (section 2).
    package static let maximumWrittenLength =
        v2PreambleLength + 36 + 2 * (3 + InlineBytes.capacity) + (3 + maximumUniqueIDLength) + (3 + 4)

    /// At most ``maximumV1Length`` bytes.
    package static func writeV1(
        client: InternetAddress, destination: InternetAddress, into memory: inout MutableSpan<UInt8>
    ) -> Int {
        let (client, destination) = sameFamily(client, destination)
        var offset = 0
        write(client.ip.isV4 ? "PROXY TCP4 " : "PROXY TCP6 ", into: &memory, at: &offset)
        client.ip.writeText(into: &memory, at: &offset)
        write(" ", into: &memory, at: &offset)
        destination.ip.writeText(into: &memory, at: &offset)
        write(" ", into: &memory, at: &offset)
        write(UInt32(client.port), radix: 10, into: &memory, at: &offset)
        write(" ", into: &memory, at: &offset)
        write(UInt32(destination.port), radix: 10, into: &memory, at: &offset)
        write("\r\n", into: &memory, at: &offset)
        return offset
    }

    /// Exactly 28 bytes for IPv4 and 52 for IPv6 when there are no extensions.
    package static func writeV2(
        client: InternetAddress, destination: InternetAddress, extensions: ProxyExtensions = ProxyExtensions(),
        into memory: inout MutableSpan<UInt8>
    ) -> Int {
        let (client, destination) = sameFamily(client, destination)
        var offset = writePreamble(versionAndCommand: 0x21, family: client.ip.isV4 ? 0x11 : 0x21, into: &memory)
        write(client.ip, into: &memory, at: &offset)
        write(destination.ip, into: &memory, at: &offset)
        write(bigEndian: client.port, into: &memory, at: &offset)
        write(bigEndian: destination.port, into: &memory, at: &offset)
        if let alpn = extensions.alpn {
            writeExtension(Extension.alpn, alpn, into: &memory, at: &offset)
        }
        if let authority = extensions.authority {
            writeExtension(Extension.authority, authority, into: &memory, at: &offset)
        }
        if let uniqueID = extensions.uniqueID, uniqueID.count <= maximumUniqueIDLength {
            writeExtension(Extension.uniqueID, uniqueID, into: &memory, at: &offset)
        }
        if extensions.crc32c {
            write(Extension.crc32c, into: &memory, at: &offset)
            write(bigEndian: 4 as UInt16, into: &memory, at: &offset)
            write(bigEndian: 0 as UInt32, into: &memory, at: &offset)
        }
        writeLength(of: offset, into: &memory)
        if extensions.crc32c { fillChecksum(of: offset, into: &memory) }
        return offset
    }

    /// The 16 bytes for a connection that the edge makes for itself, a probe: "the real endpoints hold".
    package static func writeV2Local(into memory: inout MutableSpan<UInt8>) -> Int {
        writePreamble(versionAndCommand: 0x20, family: 0, into: &memory)
    }

    /// The 15 bytes for a client without an address, one on a unix socket: "the real endpoints hold".
    package static func writeV1Unknown(into memory: inout MutableSpan<UInt8>) -> Int {
        var offset = 0
        write("PROXY UNKNOWN\r\n", into: &memory, at: &offset)
        return offset
    }

    private static func sameFamily(
        _ client: InternetAddress, _ destination: InternetAddress
    ) -> (InternetAddress, InternetAddress) {
        guard client.ip.isV4 != destination.ip.isV4 else { return (client, destination) }
        return (
            InternetAddress(client.ip.mapped, port: client.port),
            InternetAddress(destination.ip.mapped, port: destination.port)
        )
    }

    private static func writePreamble(
        versionAndCommand: UInt8, family: UInt8, into memory: inout MutableSpan<UInt8>
    ) -> Int {
        var offset = 0
        for index in signature.indices { write(signature[index], into: &memory, at: &offset) }
        write(versionAndCommand, into: &memory, at: &offset)
        write(family, into: &memory, at: &offset)
        write(bigEndian: 0 as UInt16, into: &memory, at: &offset)
        return offset
    }

    private static func writeExtension(
        _ type: UInt8, _ value: InlineBytes, into memory: inout MutableSpan<UInt8>, at offset: inout Int
    ) {
        write(type, into: &memory, at: &offset)
        write(bigEndian: UInt16(value.count), into: &memory, at: &offset)
        write(value, into: &memory, at: &offset)
    }

    private static func writeLength(of end: Int, into memory: inout MutableSpan<UInt8>) {
        var offset = v2PreambleLength - 2
        write(bigEndian: UInt16(end - v2PreambleLength), into: &memory, at: &offset)
    }

    /// The checksum is the last extension, written as zero before it is summed.
    private static func fillChecksum(of end: Int, into memory: inout MutableSpan<UInt8>) {
        var sum = CRC32C()
        for index in 0..<end { sum.update(memory[index]) }
        var offset = end - 4
        write(bigEndian: sum.value, into: &memory, at: &offset)
    }
}

/// 4 or 16 bytes in network byte order.
private func write(_ address: IPAddress, into memory: inout MutableSpan<UInt8>, at offset: inout Int) {
    switch address {
    case .v4(let bits):
        write(bigEndian: bits, into: &memory, at: &offset)
    case .v6(let high, let low):
        write(bigEndian: high, into: &memory, at: &offset)
        write(bigEndian: low, into: &memory, at: &offset)
    }
}

/// The optional extensions of a version 2 header, all absent by default.
///
/// The SSL extension (0x20) cannot be expressed on purpose: a receiver takes it for "already encrypted" and then allows
/// plain-text passwords, and the edge never ends TLS.
package struct ProxyExtensions: Sendable, Equatable {
    /// The server name the client asked for.
    package var authority: InlineBytes?
    /// One protocol name without its length byte.
    package var alpn: InlineBytes?
    /// The edge's name for the connection, so that the logs of both ends can be joined. Longer than
    /// ``ProxyHeader/maximumUniqueIDLength`` it is left out, because receivers refuse the whole header.
    package var uniqueID: InlineBytes?
    /// Whether to add a checksum of the whole header.
    package var crc32c: Bool

    package init(
        authority: InlineBytes? = nil, alpn: InlineBytes? = nil, uniqueID: InlineBytes? = nil, crc32c: Bool = false
    ) {
        self.authority = authority
        self.alpn = alpn
        self.uniqueID = uniqueID
        self.crc32c = crc32c
    }
}
