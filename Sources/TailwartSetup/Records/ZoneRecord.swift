package import TailwartWire

/// One resource record as a zone file writes it (RFC 1035 section 5).
package struct ZoneRecord: Sendable, Equatable {
    package enum Content: Sendable, Equatable {
        /// A or AAAA.
        case address(IPAddress)
        case alias(String)
        case mailExchange(preference: UInt16, host: String)
        /// A target of nil says that the service is not offered (RFC 2782).
        case service(priority: UInt16, weight: UInt16, port: UInt16, target: String?)
        case text(String)
        /// CAA (RFC 8659 section 4.1).
        case issuer(tag: String, value: String)
    }

    /// Without the trailing dot.
    package var name: String
    package var content: Content

    /// Bytes of a name without the trailing dot: 255 on the wire, with a length before each label and the root (RFC 1035
    /// section 2.3.4).
    package static let nameLimit = 253

    package init(_ name: String, _ content: Content) {
        self.name = name
        self.content = content
    }

    /// Seconds. An hour: long enough to be cached, short enough that a slip is mended before lunch.
    package static let timeToLive = 3600

    package var type: String {
        switch content {
        case .address(let address): address.isV4 ? "A" : "AAAA"
        case .alias: "CNAME"
        case .mailExchange: "MX"
        case .service: "SRV"
        case .text: "TXT"
        case .issuer: "CAA"
        }
    }

    /// What stands behind the type. Names end with a dot, so that no `$ORIGIN` is added to them.
    package var value: String {
        switch content {
        case .address(let address): "\(address)"
        case .alias(let name): "\(name)."
        case .mailExchange(let preference, let host): "\(preference) \(host)."
        case .service(let priority, let weight, let port, let target):
            "\(priority) \(weight) \(port) \(target ?? "")."
        case .text(let text): CharacterStrings.write(text)
        case .issuer(let tag, let value): "0 \(tag) \(CharacterStrings.write(value, limit: .max))"
        }
    }
}

/// Text as the quoted strings of a zone file (RFC 1035 section 5.1).
enum CharacterStrings {
    /// Bytes of one string (RFC 1035 section 3.3). A reader puts the strings of one record together without a space.
    static let byteLimit = 255

    static func write(_ text: String, limit: Int = byteLimit) -> String {
        var strings: [String] = []
        var string = ""
        var count = 0
        for byte in text.utf8 {
            if count == limit {
                strings.append(string)
                string = ""
                count = 0
            }
            string += escaped(byte)
            count += 1
        }
        return (strings + [string]).map { "\"\($0)\"" }.joined(separator: " ")
    }

    /// `\"`, `\\`, and `\DDD` with three decimals for what is not printable ASCII.
    private static func escaped(_ byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): "\\" + String(UnicodeScalar(byte))
        case 0x20...0x7e: String(UnicodeScalar(byte))
        default:
            "\\" + String(repeating: "0", count: byte < 10 ? 2 : byte < 100 ? 1 : 0) + String(byte)
        }
    }
}
