import Foundation
import TailwartTesting

/// A line of the JSON log: a connection or an event.
struct LogLine: Decodable, Sendable {
    let level: String
    let message: String

    static let connection = "connection"

    static func all(in text: some StringProtocol) throws -> [LogLine] {
        let decoder = JSONDecoder()
        return try text.split(separator: "\n").map { try decoder.decode(LogLine.self, from: Data($0.utf8)) }
    }
}

extension EdgeProcess {
    /// Waits for an event of the log whose message contains this.
    @discardableResult
    func event(containing text: String) async throws -> LogLine {
        try await eventually("the edge logs '\(text)'") {
            try LogLine.all(in: wholeLines).first { $0.message.contains(text) }
        }
    }

    /// Without a last line that is being written just now.
    private var wholeLines: Substring {
        let text = process.output.text
        return text[..<(text.lastIndex(of: "\n") ?? text.startIndex)]
    }
}
