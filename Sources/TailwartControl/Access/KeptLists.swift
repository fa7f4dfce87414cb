import TailwartCore
import TailwartSystem

/// Copies of lists that were fetched, so that they hold from the start of a process on, also where their server is away then.
struct KeptLists: Sendable {
    /// Of the copies; what follows in a name is the number of the URL.
    private let prefix: String?

    /// - Parameter file: whose folder they are kept in; nil: none are.
    init(beside file: String?) { prefix = file.map { "\($0).list-" } }

    var isOn: Bool { prefix != nil }

    /// Nil if there is none, or none that can be read.
    func read(_ url: NoticeURL) -> [UInt8]? {
        guard let path = path(of: url),
            case .bytes(let bytes) = FileSystem.read(path, limit: ListWatcher.sizeLimit),
            bytes.count <= ListWatcher.sizeLimit
        else { return nil }
        return bytes
    }

    /// A copy that cannot be written is missed at the next start alone, when the list is fetched anew; where it matters, the file of the bans
    /// cannot be written either, and that is said.
    func write(_ bytes: [UInt8], of url: NoticeURL) {
        guard let path = path(of: url) else { return }
        try? FileSystem.replace(path, with: bytes, permissions: 0o600)
    }

    /// Removes what is kept of other lists, which nobody names any more.
    func keepOnly(_ urls: [NoticeURL]) {
        guard let prefix else { return }
        let folder = FileSystem.folder(of: prefix)
        let wanted = Set(urls.compactMap(path))
        for name in FileSystem.names(in: folder) ?? [] {
            let path = "\(folder)/\(name)"
            if path.hasPrefix(prefix), !wanted.contains(path) { FileSystem.remove(path) }
        }
    }

    private func path(of url: NoticeURL) -> String? {
        prefix.map { "\($0)\(String(Self.number(of: "\(url.origin)\(url.target)"), radix: 16))" }
    }

    /// FNV-1a (RFC 9923), the same in each process: a URL has characters that a file's name has not, and may have secrets.
    private static func number(of text: String) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
