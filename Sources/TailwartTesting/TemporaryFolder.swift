package import Foundation
import Glibc

/// A new folder under /tmp, which the servers' own users may enter.
///
/// Not `$TMPDIR`: Dovecot keeps sockets in it, and the path of a Unix socket ends after 107 bytes (unix(7)).
package struct TemporaryFolder: Sendable {
    package let url: URL

    package init() throws {
        var template = Array("/tmp/tailwart-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw TestFailure("no temporary folder: \(String(cString: strerror(errno)))")
        }
        let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        self.url = URL(fileURLWithPath: path, isDirectory: true)
        try Self.set(mode: 0o755, of: url)
    }

    package var path: String { url.path }

    package func file(_ name: String) -> TextFile { TextFile(url: url.appendingPathComponent(name)) }

    /// Makes a folder inside this one, given to `owner` where one is named.
    package func makeFolder(_ name: String, owner: UnixUser? = nil) throws -> String {
        let folder = url.appendingPathComponent(name, isDirectory: true)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Self.set(mode: 0o755, of: folder)
        if let owner, chown(folder.path, owner.uid, owner.gid) != 0 {
            throw TestFailure(
                "cannot give \(folder.path) to user \(owner.uid): \(String(cString: strerror(errno))); run as root")
        }
        return folder.path
    }

    package func files(endingIn suffix: String) -> [TextFile] {
        let all = FileManager.default.enumerator(at: url, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL }
        return (all ?? []).filter { $0.path.hasSuffix(suffix) }.map { TextFile(url: $0) }
    }

    package func remove() {
        try? FileManager.default.removeItem(at: url)
    }

    private static func set(mode: Int, of url: URL) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: url.path)
    }
}

/// A numeric user and group that servers and files are given to.
package struct UnixUser: Sendable {
    package let uid: uid_t
    package let gid: gid_t

    /// Debian's `nobody`, owner of the mail in these tests: Postfix delivers as it and Dovecot reads as it.
    package static let nobody = UnixUser(uid: 65534, gid: 65534)

    package static func named(_ name: String, package: String) throws -> UnixUser {
        guard let entry = getpwnam(name) else { throw TestFailure.missing("user \(name)", package: package) }
        return UnixUser(uid: entry.pointee.pw_uid, gid: entry.pointee.pw_gid)
    }
}

/// A file that a server or a client writes and a test reads, or the other way round.
package struct TextFile: Sendable {
    package let url: URL

    package init(url: URL) { self.url = url }

    package var path: String { url.path }
    package var data: Data { (try? Data(contentsOf: url)) ?? Data() }
    /// Empty as long as the file is not there.
    package var text: String { String(decoding: data, as: UTF8.self) }
    package var lines: [Substring] { text.split(separator: "\n") }

    package func write(_ text: String) throws {
        try Data(text.utf8).write(to: url)
    }
}
