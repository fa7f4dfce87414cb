import Glibc

/// Finds and reads the configuration file. The only place of this module that does I/O.
package enum ConfigurationFile {
    package static let environmentVariable = "TAILWART_CONFIG"
    /// Where a file is looked for when none is named, in this order.
    package static let usualPaths = ["./tailwart.yaml", "/etc/tailwart/tailwart.yaml"]

    /// Why there is no text to load.
    package enum Failure: Error, Equatable, CustomStringConvertible {
        case notFound(lookedAt: [String])
        case unreadable(path: String, code: CInt)
        case notRegular(path: String)
        case tooLarge(path: String)

        /// The file that it is about.
        package var path: String? {
            switch self {
            case .notFound: nil
            case .unreadable(let path, _), .notRegular(let path), .tooLarge(let path): path
            }
        }

        package var description: String {
            switch self {
            case .notFound(let paths):
                "no configuration found; looked at \(paths.joined(separator: ", ")). "
                    + "Write one of them, or name another with --config FILE or $\(environmentVariable)."
            case .unreadable(let path, ENOENT):
                "\(path): there is no such file; check --config and $\(environmentVariable)."
            case .unreadable(let path, EACCES):
                "\(path): permission denied; let the user that runs tailwart read it."
            case .unreadable(let path, let code):
                "\(path): cannot be read: \(String(cString: strerror(code)))."
            case .notRegular(let path):
                "\(path): not a regular file; name a file with --config FILE."
            case .tooLarge(let path):
                "\(path): \(SourceText.tooLarge)"
            }
        }
    }

    /// Which file to read: the one that is named, else `$TAILWART_CONFIG`, else the first of ``usualPaths`` that is there.
    package static func find(
        named path: String?, environment: [String: String], usualPaths: [String] = usualPaths
    ) throws(Failure) -> String {
        if let path { return path }
        if let path = environment[environmentVariable], !path.isEmpty { return path }
        for path in usualPaths where access(path, F_OK) == 0 { return path }
        throw .notFound(lookedAt: ["$\(environmentVariable) (not set)"] + usualPaths)
    }

    /// Reads at most ``SourceText/byteLimit`` bytes of a regular file.
    package static func read(_ path: String) throws(Failure) -> [UInt8] {
        // Non-blocking, so that a named pipe is refused below and not waited for.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .unreadable(path: path, code: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadable(path: path, code: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegular(path: path) }
        var bytes: [UInt8] = []
        while bytes.count <= SourceText.byteLimit {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw .unreadable(path: path, code: errno)
            }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
        throw .tooLarge(path: path)
    }
}
