import Foundation
import TailwartTesting

/// A conversation over TLS, through `openssl s_client`.
final class SecureSession: Sendable {
    let process: ChildProcess
    private let input: Pipe

    /// Which server name the client asks for.
    enum ServerName: Sendable {
        case name(String)
        case none
    }

    /// - Parameters:
    ///   - client: the address to connect from, one of 127.0.0.0/8.
    ///   - startTLS: the protocol to ask for TLS in, where it does not come first.
    init(
        to port: UInt16, from client: String, serverName: ServerName, startTLS: String? = nil,
        authority: TextFile, on host: TestHost
    ) throws {
        let openssl = try Program("openssl", package: "openssl")
        var arguments = [
            "s_client", "-connect", "127.0.0.1:\(port)", "-bind", client, "-CAfile", authority.path,
            "-verify_return_error", "-crlf", "-ign_eof", "-nocommands",
        ]
        switch serverName {
        case .name(let name): arguments += ["-servername", name]
        case .none: arguments += ["-noservername"]
        }
        if let startTLS { arguments += ["-starttls", startTLS] }
        self.input = Pipe()
        self.process = try host.start("openssl-\(UUID().uuidString)", openssl, arguments, input: input)
    }

    /// Everything received so far, with what openssl tells about the connection.
    var transcript: String { process.output.text }

    func send(_ line: String) throws {
        try input.fileHandleForWriting.write(contentsOf: Data("\(line)\n".utf8))
    }

    /// Waits until the server has said this, and throws if it closes instead.
    func receive(_ text: String) async throws {
        try await eventually("the server says '\(text)'") { () throws -> Bool? in
            if transcript.contains(text) { return true }
            guard process.isRunning else { throw TestFailure("the connection ended before '\(text)'\n\(process.tail)") }
            return nil
        }
    }
}
