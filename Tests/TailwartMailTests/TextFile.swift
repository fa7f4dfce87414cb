import Foundation

/// A file that a server or a client writes and a test reads, or the other way round.
struct TextFile: Sendable {
    let url: URL

    var path: String { url.path }
    var data: Data { (try? Data(contentsOf: url)) ?? Data() }
    /// Empty as long as the file is not there.
    var text: String { String(decoding: data, as: UTF8.self) }
    var lines: [Substring] { text.split(separator: "\n") }

    func write(_ text: String) throws {
        try Data(text.utf8).write(to: url)
    }
}
