import Glibc
import TailwartCore
import TailwartSystem

/// The file of the bans. Never writes over what it could not read. Of one thread.
struct BanStore {
    /// Nil: nothing is kept.
    let path: String?
    /// Why nothing is written now, said once until it is.
    private var failure: String?
    /// What is there could be neither read nor moved.
    private var isForbidden = false

    init(_ path: String?) { self.path = path }

    /// - Returns: what the file says, and what has to be known.
    mutating func load() -> (lines: [BanFile.Line], said: [EdgeEvent]) {
        guard let path else { return ([], []) }
        let bytes: [UInt8]
        switch FileSystem.read(path, limit: BanFile.byteLimit) {
        case .bytes(let content): bytes = content
        case .failure(.noEntry): return ([], [])
        case .failure(let error):
            isForbidden = true
            return (
                [],
                [.bansFailed("\(path) cannot be read: \(error)", fix: "bans are kept in memory; see whose file it is")]
            )
        case .notRegular:
            isForbidden = true
            return (
                [],
                [
                    .bansFailed(
                        "\(path) is not a regular file", fix: "bans are kept in memory; name another with 'bans.file'")
                ]
            )
        }
        do throws(BanFile.Failure) {
            let content = try BanFile.read(bytes.span)
            return (content.lines, content.damagedCount > 0 ? [damaged(content, path)] : [])
        } catch {
            return ([], [setAside(path, error)])
        }
    }

    /// - Returns: what has to be known.
    mutating func save(_ lines: [BanFile.Line]) -> EdgeEvent? {
        guard let path, !isForbidden else { return nil }
        // No file says that nobody is banned too, and needs no folder.
        if lines.isEmpty, access(path, F_OK) != 0, Errno.current == .noEntry { return nil }
        do throws(SystemError) {
            try FileSystem.replace(path, with: BanFile.write(lines), permissions: 0o600)
            failure = nil
            return nil
        } catch {
            let words = "\(error)"
            guard words != failure else { return nil }
            failure = words
            let fix =
                error.errno == .noEntry
                ? "make the folder \(FileSystem.folder(of: path)), or name another file with 'bans.file'"
                : "see its folder's owner and space, or name another file with 'bans.file'"
            return .bansFailed("bans are kept in memory only: \(path) cannot be written: \(words)", fix: fix)
        }
    }

    /// Whether the last attempt to write failed.
    var hasFailed: Bool { failure != nil }

    /// Why nothing is written now; nil if all is well, or nothing is to be written.
    var trouble: String? {
        guard let path else { return nil }
        return isForbidden
            ? "\(path) could be neither read nor moved away" : failure.map { "\(path) cannot be written: \($0)" }
    }

    private func damaged(_ content: BanFile.Content, _ path: String) -> EdgeEvent {
        let numbers = content.damaged.map { "\($0)" }.joined(separator: ", ")
        let more = content.damagedCount > content.damaged.count ? ", …" : ""
        return .bansFailed(
            "\(content.damagedCount) lines of \(path) are damaged and left out (\(numbers)\(more))",
            fix: "the others are in force; see who is missing with `tailwart ban list`")
    }

    private mutating func setAside(_ path: String, _ failure: BanFile.Failure) -> EdgeEvent {
        let what =
            switch failure {
            case .notOne: "is not a file of bans"
            case .tooLong: "is larger than such a file can be"
            case .newer(let version): "is a later version's (\(version))"
            }
        let aside = try? FileSystem.moveAside(path, suffix: ".unreadable")
        guard let aside else {
            isForbidden = true
            return .bansFailed(
                "\(path) \(what)", fix: "bans are kept in memory; move the file away and start the edge anew")
        }
        return .bansFailed(
            "\(path) \(what): it is \(aside) now", fix: "bans begin anew; look at it if some are missing")
    }
}
