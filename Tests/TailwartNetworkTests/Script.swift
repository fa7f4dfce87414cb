import Foundation
import TailwartTesting

/// The Python programs beside these tests.
enum Script {
    static func path(_ name: String) -> String {
        URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent().appending(path: name).path
    }

    /// Debian's own, if it is there.
    static func python() throws -> Program { try Program("python3", package: "python3", in: ["/usr/bin"]) }
}
