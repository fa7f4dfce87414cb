import TailwartSystem
import TailwartWire

/// `/etc/hosts` (hosts(5)): what it says of a name is not asked of anybody.
enum HostsFile {
    /// Bytes: lists of advertisers have a few million.
    private static let maximumLength = 16 << 20

    /// What stands in it now; nothing where it cannot be read.
    static func read() -> [UInt8] {
        if case .bytes(let bytes) = FileSystem.read("/etc/hosts", limit: maximumLength) { bytes } else { [] }
    }

    /// Those of all lines that have the name, in the order of the file; of `localhost` always (RFC 6761 section 6.3).
    static func addresses(of name: String, in bytes: [UInt8]) -> [IPAddress] {
        let wanted = name.hasSuffix(".") ? name.utf8.dropLast() : name.utf8[...]
        var found: [IPAddress] = []
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let words = line.prefix { $0 != UInt8(ascii: "#") }.split { [0x20, 0x09, 0x0d].contains($0) }
            guard words.dropFirst().contains(where: { isEqual($0, wanted) }),
                // One with a zone cannot be dialled without it.
                let address = words.first.flatMap({ IPAddress(String(decoding: $0, as: UTF8.self)) }),
                !found.contains(address)
            else { continue }
            found.append(address)
        }
        let isLocal = name.lowercased() == "localhost" || name.lowercased().hasSuffix(".localhost")
        return found.isEmpty && isLocal ? [.loopbackV4, .loopbackV6] : found
    }

    /// Without regard to case, of ASCII.
    private static func isEqual(_ word: ArraySlice<UInt8>, _ name: Substring.UTF8View) -> Bool {
        word.count == name.count && zip(word, name).allSatisfy { lower($0) == lower($1) }
    }

    private static func lower(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
