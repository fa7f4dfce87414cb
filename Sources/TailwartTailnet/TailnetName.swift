/// MagicDNS names, compared as DNS does: without case and without the dot at the end.
enum TailnetName {
    /// RFC 1035 section 2.3.4, without the dot at the end.
    private static let maximumLength = 253

    /// The one form in which names are kept and compared; nil for what cannot be a name, so that nothing odd gets into a log or
    /// a comparison.
    static func normal(_ text: some StringProtocol) -> String? {
        var bytes = Array(text.utf8)
        if bytes.last == UInt8(ascii: ".") { bytes.removeLast() }
        guard !bytes.isEmpty, bytes.count <= maximumLength else { return nil }
        for index in bytes.indices {
            switch bytes[index] {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): bytes[index] |= 0x20
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
                UInt8(ascii: "_"), UInt8(ascii: "."):
                break
            default: return nil
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The label that a control server makes of what a host calls itself: `Stalwart.local` is `stalwart`.
    static func label(ofHost hostName: String) -> String {
        let bytes = label(of: hostName.lowercased()).utf8.prefix(63).map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): byte
            default: UInt8(ascii: "-")
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func label(of name: String) -> String { String(name.prefix { $0 != "." }) }

    /// What comes behind the first label; empty for a bare label.
    static func parent(of name: String) -> String { String(name.drop { $0 != "." }.dropFirst()) }
}
