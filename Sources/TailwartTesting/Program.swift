import Foundation

/// An executable that a test runs.
package struct Program: Sendable {
    package let path: String

    /// Looks on the `PATH` and where Debian keeps its servers; throws if it is not there, so that the test fails.
    package init(_ name: String, package: String, in folders: [String] = []) throws {
        let search = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let paths = (folders + search + ["/usr/sbin", "/usr/bin", "/sbin", "/bin"]).map { "\($0)/\(name)" }
        guard let path = paths.first(where: FileManager.default.isExecutableFile(atPath:)) else {
            throw TestFailure.missing(name, package: package)
        }
        self.path = path
    }

    /// The `tailwart` of the same build as the tests: it lies beside the test executable.
    package static func edge() throws -> Program {
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let folder = URL(fileURLWithPath: tests).deletingLastPathComponent()
        return try Program(built: folder.appendingPathComponent("tailwart").path)
    }

    private init(built path: String) throws {
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw TestFailure("\(path) is missing; run: swift build")
        }
        self.path = path
    }
}
