import Glibc
import TailwartConfig
import TailwartCore
import TailwartImport
import TailwartSystem

/// A file that an argument names, or `-` for standard input.
struct NamedFile {
    /// As the operator wrote it.
    let path: String
    /// What to do about a path that leads nowhere, as an order: `check the name`.
    let remedy: String

    /// For messages.
    var name: String { Self.name(of: path) }

    static func name(of path: String) -> String { path == "-" ? "standard input" : path }

    /// - Throws: `Failure` 3 with what to do.
    func read() throws -> [UInt8] {
        do {
            if path == "-" { return try StandardInput.read() }
            return try ConfigurationFile.read(path)
        } catch ConfigurationFile.Failure.unreadable(_, ENOENT) {
            throw Failure.notDone("\(path): there is no such file; \(remedy).", file: path)
        } catch ConfigurationFile.Failure.notRegular {
            throw Failure.notDone(
                (try? FileSystem.kind(of: path)) == .folder
                    ? "\(path): it is a folder; name the file in it."
                    : "\(path): not a regular file; name one, or use - for standard input.", file: path)
        } catch {
            throw Failure.notDone("\(error)", file: name)
        }
    }
}
