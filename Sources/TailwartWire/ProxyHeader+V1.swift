/// Version 1, a line of text: `PROXY TCP4 192.0.2.1 198.51.100.2 51000 25` CR LF (section 2.1).
extension ProxyHeader {
    static func parseV1(_ bytes: Span<UInt8>) throws(Stop) -> ProxyHeader {
        var line = Line()
        try line.expect("PROXY ", in: bytes, otherwise: .notProxy)
        var isV4 = false
        switch try line.next(in: bytes) {
        case UInt8(ascii: "T"):
            try line.expect("CP", in: bytes, otherwise: .unknownFamily)
            let digit = try line.next(in: bytes)
            guard digit == UInt8(ascii: "4") || digit == UInt8(ascii: "6") else { throw .invalid(.unknownFamily) }
            try line.expect(" ", in: bytes, otherwise: .unknownFamily)
            isV4 = digit == UInt8(ascii: "4")
        case UInt8(ascii: "U"):
            try line.expect("NKNOWN", in: bytes, otherwise: .unknownFamily)
            try line.skipUnknown(in: bytes)
            return ProxyHeader(version: .v1, peers: .local, length: line.offset)
        default:
            throw .invalid(.unknownFamily)
        }
        let client = try line.address(isV4: isV4, in: bytes)
        guard client.isUnicast else { throw .invalid(.clientNotUnicast) }
        let destination = try line.address(isV4: isV4, in: bytes)
        let clientPort = try line.port(endingWith: UInt8(ascii: " "), in: bytes)
        let destinationPort = try line.port(endingWith: UInt8(ascii: "\r"), in: bytes)
        try line.expect("\n", in: bytes, otherwise: .badLineEnd)
        let peers = try proxied(
            InternetAddress(client, port: clientPort), InternetAddress(destination, port: destinationPort))
        return ProxyHeader(version: .v1, peers: peers, length: line.offset)
    }

    /// The position reached in the line.
    private struct Line {
        var offset = 0

        mutating func next(in bytes: Span<UInt8>) throws(Stop) -> UInt8 {
            guard offset < ProxyHeader.maximumV1Length else { throw .invalid(.lineTooLong) }
            guard offset < bytes.count else { throw .needMore }
            defer { offset += 1 }
            return bytes[offset]
        }

        mutating func expect(
            _ text: String, in bytes: Span<UInt8>, otherwise error: ProxyHeaderError
        ) throws(Stop) {
            for expected in text.utf8 {
                guard try next(in: bytes) == expected else { throw .invalid(error) }
            }
        }

        /// The long form of UNKNOWN holds anything, and the receiver must ignore it (section 2.1).
        mutating func skipUnknown(in bytes: Span<UInt8>) throws(Stop) {
            var byte = try next(in: bytes)
            guard byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\r") else { throw .invalid(.unknownFamily) }
            while byte != UInt8(ascii: "\r") {
                guard byte != UInt8(ascii: "\n") else { throw .invalid(.badLineEnd) }
                byte = try next(in: bytes)
            }
            try expect("\n", in: bytes, otherwise: .badLineEnd)
        }

        mutating func address(isV4: Bool, in bytes: Span<UInt8>) throws(Stop) -> IPAddress {
            let limit = min(bytes.count, ProxyHeader.maximumV1Length)
            var end = offset
            while end < limit, bytes[end] != UInt8(ascii: " ") { end += 1 }
            let text = bytes.extracting(offset..<end)
            switch isV4 ? AddressBeginning.ofV4(text) : AddressBeginning.ofV6(text) {
            case .possible: break
            case .impossible: throw .invalid(.badAddress)
            case .otherFamily: throw .invalid(.familyMismatch)
            }
            offset = end
            _ = try next(in: bytes)
            guard let address = IPAddress(text: text), address.isV4 == isV4 else { throw .invalid(.badAddress) }
            return address
        }

        /// A decimal without leading zeros or sign, and the byte behind it.
        mutating func port(endingWith end: UInt8, in bytes: Span<UInt8>) throws(Stop) -> UInt16 {
            var value: UInt32 = 0
            var isEmpty = true
            while true {
                let byte = try next(in: bytes)
                if byte == end, !isEmpty { return UInt16(truncatingIfNeeded: value) }
                let digit = byte &- UInt8(ascii: "0")
                guard digit <= 9 else { throw .invalid(byte == UInt8(ascii: "\n") ? .badLineEnd : .badPort) }
                guard isEmpty || value > 0 else { throw .invalid(.badPort) }
                value = value * 10 + UInt32(digit)
                isEmpty = false
                guard value <= UInt16.max else { throw .invalid(.badPort) }
            }
        }
    }
}
