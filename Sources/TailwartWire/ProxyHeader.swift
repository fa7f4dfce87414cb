/// What a PROXY header says: whose connection this really is.
///
/// The format is haproxy's `doc/proxy-protocol.txt`; sections named here are of that document, revision of 2026-04-27.
package struct ProxyHeader: Sendable, Equatable {
    package enum Version: Sendable {
        case v1
        case v2
    }

    package enum Peers: Sendable, Equatable {
        /// The real endpoints of the connection hold: LOCAL, version 1 UNKNOWN, or a family without internet addresses.
        case local
        /// Mapped IPv4 is already unmapped, so the two families may differ.
        case proxied(client: InternetAddress, destination: InternetAddress)
    }

    package var version: Version
    package var peers: Peers
    /// Bytes to consume; what follows belongs to the connection.
    package var length: Int

    package init(version: Version, peers: Peers, length: Int) {
        self.version = version
        self.peers = peers
        self.length = length
    }
}

extension ProxyHeader {
    /// Bytes of the longest version 1 line with its CRLF (section 2.1).
    package static let maximumV1Length = 107

    /// Bytes of the longest version 2 header that is read. The format allows 65 551; nginx and go-proxyproto stop at
    /// 4096 too, which no known sender reaches. Without a limit a client behind a trusted network could make the edge
    /// hold 64 KiB for each connection.
    package static let maximumV2Length = 4096

    /// Bytes by which a header of either version is told from all else.
    package static let maximumBeginning = signature.count

    /// Whether the bytes begin as a header does.
    package static func isBegun(by bytes: Span<UInt8>) -> Bool {
        var search = Search()
        return search.finds(bytes)
    }

    /// Looks for the signature of version 2 or the word of version 1, with which no protocol of mail or of the web begins (section 2), in
    /// what comes in any pieces.
    package struct Search: Sendable {
        private static let word: InlineArray<6, UInt8> = [0x50, 0x52, 0x4f, 0x58, 0x59, 0x20]

        private var isVersion1 = false
        /// Bytes of the beginning that have come.
        private var count: UInt8 = 0
        /// Whether it is known.
        package private(set) var isOver = false

        package init() {}

        /// - Parameter bytes: the next piece.
        /// - Returns: whether this and the pieces before are the beginning of a header.
        package mutating func finds(_ bytes: Span<UInt8>) -> Bool {
            for index in bytes.indices where !isOver {
                if count == 0 { isVersion1 = bytes[index] == Self.word[0] }
                let length = isVersion1 ? Self.word.count : signature.count
                let expected = isVersion1 ? Self.word[Int(count)] : signature[Int(count)]
                isOver = bytes[index] != expected
                guard !isOver else { return false }
                count += 1
                isOver = Int(count) == length
                if isOver { return true }
            }
            return false
        }
    }

    /// Bytes of a unique identifier (section 2.2.5).
    package static let maximumUniqueIDLength = 128

    /// Bytes of an authority: a host name is no longer, and HAProxy refuses more.
    package static let maximumAuthorityLength = 255

    /// CR LF CR LF NUL CR LF "QUIT" LF (section 2.2): no text protocol and no TLS client begins so.
    static let signature: InlineArray<12, UInt8> = [
        0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a,
    ]

    /// Bytes of the signature, version, command, family, transport and length of version 2.
    static let v2PreambleLength = 16

    /// Type-length-values of version 2 (section 2.2) that the edge writes or checks.
    enum Extension {
        static let alpn: UInt8 = 0x01
        static let authority: UInt8 = 0x02
        static let crc32c: UInt8 = 0x03
        static let uniqueID: UInt8 = 0x05
    }
}

extension ProxyHeader {
    typealias Stop = ParseStop<ProxyHeaderError>

    /// Reads a header of either version from the first byte of a connection on.
    ///
    /// Every beginning of a valid header answers *need more*, and the first byte that cannot belong to one answers
    /// *invalid*, so that a sender which does not speak PROXY learns it at once and not after a timeout.
    package static func parse(_ bytes: Span<UInt8>) -> ParseOutcome<ProxyHeader, ProxyHeaderError> {
        do throws(Stop) {
            guard bytes.count > 0 else { throw .needMore }
            return .found(bytes[0] == signature[0] ? try parseV2(bytes) : try parseV1(bytes))
        } catch {
            return ParseOutcome(error)
        }
    }

    /// A header that names a client which cannot exist is forged or broken; Envoy refuses it as well.
    static func proxied(_ client: InternetAddress, _ destination: InternetAddress) throws(Stop) -> Peers {
        guard client.ip.isUnicast else { throw .invalid(.clientNotUnicast) }
        return .proxied(client: client.unmapped, destination: destination.unmapped)
    }
}
