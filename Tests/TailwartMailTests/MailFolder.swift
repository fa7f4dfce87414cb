import Foundation
import TailwartTesting

/// The Maildirs that Postfix delivers into and Dovecot serves.
struct MailFolder: Sendable {
    static let user = "ann"
    static let address = "ann@example.org"
    static let password = "secret"

    let path: String

    init(in folder: TemporaryFolder) throws {
        self.path = try folder.makeFolder("mail", owner: .nobody)
    }

    /// Messages as they were delivered, in no order.
    var messages: [TextFile] {
        ["new", "cur"].flatMap { name -> [TextFile] in
            let folder = URL(fileURLWithPath: "\(path)/\(Self.user)/Maildir/\(name)")
            let files = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            return (files ?? []).map { TextFile(url: $0) }
        }
    }

    /// Waits for the one message with this in its text.
    @discardableResult
    func message(containing text: String) async throws -> TextFile {
        try await eventually("a message with '\(text)' is delivered") {
            messages.first { $0.text.contains(text) }
        }
    }
}
