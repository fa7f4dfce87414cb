import Glibc
import TailwartConfig
import TailwartCore
import TailwartSystem

/// A file that an argument names, or `-` for standard input.
struct NamedFile {
    /// As the operator wrote it.
    let path: String
    /// What to do about a path that leads nowhere, as an order: `check the name`.
    let remedy: String

    /// Bytes of one text on standard input; the readers of policies and of configurations take as many, and say what is wrong with
    /// more.
    private static let byteLimit = 1 << 20

    /// For messages.
    var name: String { Self.name(of: path) }

    static func name(of path: String) -> String { path == "-" ? "standard input" : path }

    /// - Throws: `Failure` 3 with what to do.
    func read() throws -> [UInt8] {
        do {
            return try path == "-"
                ? FileSystem.readStandardInput(limit: Self.byteLimit) : ConfigurationFile.read(path)
        } catch let error as Errno {
            throw Failure.notDone("standard input cannot be read: \(error).", file: name)
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
