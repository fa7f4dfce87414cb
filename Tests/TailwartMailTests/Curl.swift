import Foundation
import TailwartTesting

/// Fetches mail and pages with curl.
struct Curl: Sendable {
    let folder: TemporaryFolder
    let authority: TextFile

    /// - Parameters:
    ///   - port: where the edge listens; the name in the URL decides the server name and the certificate's check.
    ///   - client: the address to connect from, one of 127.0.0.0/8.
    func fetch(_ url: String, port: UInt16, from client: String, options: [String] = []) async throws -> Data {
        let curl = try Program("curl", package: "curl")
        let arguments = [
            "--silent", "--show-error", "--max-time", "25", "--cacert", authority.path, "--interface", client,
            "--connect-to", "::127.0.0.1:\(port)", url,
        ]
        let process = try ChildProcess("curl-\(UUID().uuidString)", curl, arguments + options, in: folder)
        let code = try await process.exitCode()
        guard code == 0 else { throw TestFailure("curl \(url) ended with \(code): \(process.errors.text)") }
        return process.output.data
    }

    /// As ``fetch(_:port:from:options:)``, logged in to the mailbox.
    func fetchMail(_ url: String, port: UInt16, from client: String) async throws -> Data {
        try await fetch(
            url, port: port, from: client, options: ["--user", "\(MailFolder.user):\(MailFolder.password)"])
    }
}
