/// What the old process of a handover knows of clients, for the new one to go on with. It comes with ``HandoverMessage/released``, as a file in a
/// descriptor, since it may be long. A process of a version without it sends none, and one that expects none closes the descriptor.
///
///     "tailwart estate\n", then parts: a number (4 bytes) that says what it is and in which form, a length (8 bytes), and so many bytes
///
/// Numbers are in network byte order. Who does not know a part's number skips it; a part in another form gets another number.
package struct HandoverEstate: Sendable, Equatable {
    /// As ``BanFile`` writes them.
    package var bans: [UInt8]?
    /// As ``ClientTable/Snapshot`` writes it.
    package var clients: [UInt8]?

    private static let head = Array("tailwart estate\n".utf8)
    /// Bytes: the longest file of bans, the largest table, and what is around them.
    package static let byteLimit = BanFile.byteLimit + ClientTable.Snapshot.byteLimit + 4096

    private enum Part: UInt32 {
        case bans = 1
        case clients = 2
    }

    package init(bans: [UInt8]? = nil, clients: [UInt8]? = nil) {
        self.bans = bans
        self.clients = clients
    }

    /// - Returns: nil if it is something else. Of one that was cut, the parts that are whole.
    package init?(_ bytes: [UInt8]) {
        guard bytes.starts(with: Self.head) else { return nil }
        var rest = bytes[Self.head.count...]
        while rest.count >= 12 {
            let number = UInt32(truncatingIfNeeded: rest.prefix(4).number)
            let length = rest.dropFirst(4).prefix(8).number
            rest = rest.dropFirst(12)
            guard length <= rest.count else { return }
            let content = Array(rest.prefix(Int(length)))
            rest = rest.dropFirst(Int(length))
            switch Part(rawValue: number) {
            case .bans: bans = content
            case .clients: clients = content
            case nil: break
            }
        }
    }

    package var bytes: [UInt8] {
        var bytes = Self.head
        for (part, content) in [(Part.bans, bans), (.clients, clients)] {
            guard let content else { continue }
            withUnsafeBytes(of: part.rawValue.bigEndian) { bytes += $0 }
            withUnsafeBytes(of: UInt64(content.count).bigEndian) { bytes += $0 }
            bytes += content
        }
        return bytes
    }
}

extension ArraySlice<UInt8> {
    /// In network byte order; of at most 8 bytes.
    var number: UInt64 { reduce(0) { $0 << 8 | UInt64($1) } }
}
