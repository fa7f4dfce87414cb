import Foundation
import TailwartTesting

/// Sends mail with swaks, a scriptable SMTP client.
struct Swaks: Sendable {
    let folder: TemporaryFolder
    let port: UInt16

    /// Sends one message over STARTTLS and returns swaks' exit code, 0 if it was accepted.
    ///
    /// - Parameters:
    ///   - client: the address to connect from: one of 127.0.0.0/8, or `::1`.
    ///   - subject: names the message for the test.
    func send(from client: String, subject: String, body: String = "Hello.") async throws -> Int32 {
        let message = folder.file("\(UUID().uuidString).eml")
        // swaks ends the last line itself.
        try message.write("From: bob@example.net\nTo: \(MailFolder.address)\nSubject: \(subject)\n\n\(body)")
        let swaks = try Program("swaks", package: "swaks")
        let arguments = [
            "--server", client.contains(":") ? "::1" : "127.0.0.1", "--port", "\(port)", "--local-interface", client,
            "--helo", "client.example.net", "--from", "bob@example.net", "--to", MailFolder.address,
            "--tls", "--data", "@\(message.path)", "--suppress-data",
        ]
        return try await ChildProcess("swaks-\(subject)", swaks, arguments, in: folder).exitCode()
    }
}
