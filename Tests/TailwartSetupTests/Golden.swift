import Foundation
import Testing

/// What a text is expected to be, in a file beside the tests.
enum Golden {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")

    /// Compares with the file; with `TAILWART_UPDATE_FIXTURES=1` writes it instead, for a look at the difference.
    static func expect(_ text: String, _ name: String, _ comment: Comment? = nil) throws {
        let file = folder.appending(path: name)
        if ProcessInfo.processInfo.environment["TAILWART_UPDATE_FIXTURES"] == "1" {
            try Data(text.utf8).write(to: file)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == text, comment)
    }
}
