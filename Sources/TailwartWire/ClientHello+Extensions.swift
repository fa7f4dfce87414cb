extension ClientHello {
    private enum Extension {
        static let serverName = 0
        static let alpn = 16
    }

    /// Walks all extensions; only two are looked into, the others and GREASE (RFC 8701) pass.
    mutating func readExtensions(
        _ cursor: inout HandshakeCursor, end: Int, in bytes: Span<UInt8>
    ) throws(Stop) {
        var seen = ExtensionSet()
        while cursor.position < end {
            let type = try cursor.integer(before: end, in: bytes)
            let extensionEnd = try cursor.longField(before: end, in: bytes)
            guard seen.insert(type) else { throw .invalid(.duplicateExtension) }
            switch type {
            case Extension.serverName:
                serverName = try Self.readServerName(&cursor, end: extensionEnd, in: bytes)
            case Extension.alpn:
                alpn = try Self.readALPN(&cursor, end: extensionEnd, in: bytes)
            default:
                try cursor.skip(extensionEnd - cursor.position, before: extensionEnd, in: bytes)
            }
            guard cursor.position == extensionEnd else { throw .invalid(.trailingBytes) }
        }
    }

    /// RFC 6066 section 3. The list may hold one name of each type, and host_name is the only type there is.
    private static func readServerName(
        _ cursor: inout HandshakeCursor, end: Int, in bytes: Span<UInt8>
    ) throws(Stop) -> InlineBytes? {
        let listEnd = try cursor.longField(before: end, in: bytes)
        guard cursor.position < listEnd else { throw .invalid(.emptyServerNameList) }
        guard try cursor.byte(before: listEnd, in: bytes) == 0 else { throw .invalid(.badServerNameType) }
        let nameEnd = try cursor.longField(before: listEnd, in: bytes)
        guard nameEnd - cursor.position <= InlineBytes.capacity else { throw .invalid(.serverNameTooLong) }
        var name = InlineBytes()
        while cursor.position < nameEnd {
            let byte = try cursor.byte(before: nameEnd, in: bytes)
            guard byte > 0x20, byte < 0x7f else { throw .invalid(.badServerName) }
            name.appendLowercased(byte)
        }
        guard nameEnd == listEnd else { throw .invalid(.severalServerNames) }
        if !name.isEmpty, name[name.count - 1] == UInt8(ascii: ".") { name.removeLast() }
        guard !name.isEmpty else { throw .invalid(.emptyServerName) }
        return name.withSpan { IPAddress(text: $0) } == nil ? name : nil
    }

    /// RFC 7301 section 3.1.
    private static func readALPN(
        _ cursor: inout HandshakeCursor, end: Int, in bytes: Span<UInt8>
    ) throws(Stop) -> ALPNList {
        let listEnd = try cursor.longField(before: end, in: bytes)
        guard cursor.position < listEnd else { throw .invalid(.emptyProtocolList) }
        var list = ALPNList()
        while cursor.position < listEnd {
            let nameEnd = try cursor.shortField(before: listEnd, in: bytes)
            let length = nameEnd - cursor.position
            guard length > 0 else { throw .invalid(.emptyProtocolName) }
            guard list.makeRoom(length: length) else {
                try cursor.skip(length, before: nameEnd, in: bytes)
                continue
            }
            list.append(UInt8(length))
            while cursor.position < nameEnd { list.append(try cursor.byte(before: nameEnd, in: bytes)) }
        }
        return list
    }
}

/// The extension types seen so far, one bit for each of the 65 536.
///
/// Comparing every extension with every other would cost a hostile hello of 16 KiB eight million steps; 8 KiB of zeros
/// on the stack cost about as much as the copy of one name.
private struct ExtensionSet {
    private var words = InlineArray<1024, UInt64>(repeating: 0)

    /// False if it was there already.
    mutating func insert(_ type: Int) -> Bool {
        let bit: UInt64 = 1 << UInt64(type & 63)
        guard words[type >> 6] & bit == 0 else { return false }
        words[type >> 6] |= bit
        return true
    }
}
