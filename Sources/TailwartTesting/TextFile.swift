package import Foundation

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
