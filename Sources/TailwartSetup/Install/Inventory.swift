import TailwartWire

/// What `tailwart install` has made on a host, kept there so that it can be taken away again, and nothing else.
package struct Inventory: Sendable, Equatable {
    static let path = "/usr/local/share/tailwart/installed"
    private static let heading =
        "# What 'tailwart install' made on this host; 'tailwart install --uninstall' removes it."

    /// Paths with the checksum of what was written; nil for the program, which nobody edits.
    var files: [String: UInt32?] = [:]
    var links: Set<String> = []
    /// Those that were not there before.
    var folders: Set<String> = []

    var isEmpty: Bool { self == Inventory() }

    /// Whether a file is still as it was written.
    func isUntouched(_ path: String, _ bytes: [UInt8]) -> Bool {
        guard let checksum = files[path] else { return false }
        return checksum == nil || checksum == Self.checksum(bytes)
    }

    static func checksum(_ bytes: [UInt8]) -> UInt32 { CRC32C.checksum(of: bytes.span) }

    /// Lines that are not understood, as of a later version, are passed over.
    init(text: String = "") {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 2).map(String.init)
            guard words.count == 3, words[2].hasPrefix("/") else { continue }
            switch words[0] {
            case "file": files[words[2]] = .some(UInt32(words[1], radix: 16))
            case "link": links.insert(words[2])
            case "folder": folders.insert(words[2])
            default: continue
            }
        }
    }

    var text: String {
        let lines =
            files.map { "file \($0.value.map { String($0, radix: 16) } ?? "-") \($0.key)" }.sorted()
            + links.map { "link - \($0)" }.sorted() + folders.map { "folder - \($0)" }.sorted()
        return ([Self.heading] + lines).joined(separator: "\n") + "\n"
    }
}
