import Glibc
import TailwartConfig

/// Where the files are that a file includes.
package protocol IncludedFiles: Sendable {
    /// The paths that a pattern stands for, sorted; a path without `*`, `?` or `[` stands for itself.
    func paths(of pattern: String) -> [String]
    /// The text of a file; nil if it is not there, not readable, not UTF-8 or too large.
    func text(of path: String) -> String?
}

/// Files on this host, as the kernel finds them.
package struct FilesOnHost: IncludedFiles {
    package init() {}

    package func paths(of pattern: String) -> [String] {
        guard pattern.contains(where: { "*?[".contains($0) }) else { return [pattern] }
        var found = glob_t()
        defer { globfree(&found) }
        guard glob(pattern, 0, nil, &found) == 0, let paths = found.gl_pathv else { return [] }
        return (0..<Int(found.gl_pathc)).compactMap { paths[$0].map { String(cString: $0) } }
    }

    package func text(of path: String) -> String? {
        guard let bytes = try? ConfigurationFile.read(path) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }
}
