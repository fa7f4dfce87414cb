import Foundation
import Glibc
import TailwartTesting
import TailwartWire

/// The mail server at home: `mailbox.py`, to be killed and started again.
struct HomeMailbox: Sendable {
    /// What a port speaks.
    enum Service: String {
        case smtp
        case imap
        case imaps
        case echo
        /// No mailbox, but a proxy on the way to it.
        case socks
    }

    let process: ChildProcess

    /// Waits until it listens, on all addresses of its namespace.
    ///
    /// - Parameters:
    ///   - name: of its output; each start needs another.
    ///   - mail: the folder for what is sent to it.
    ///   - options: further ones of `mailbox.py`.
    init(
        _ name: String = "mailbox", in network: TestNetwork, certificate: HomeCertificate? = nil, mail: String? = nil,
        options: [String] = [], _ services: KeyValuePairs<Service, UInt16>
    ) async throws {
        try await self.init(
            name, in: network, certificate: certificate, mail: mail, options: options,
            services: services.map { ($0, $1) })
    }

    /// As above.
    ///
    /// - Parameter isAtHome: false for a program on the edge's host.
    init(
        _ name: String = "mailbox", in network: TestNetwork, isAtHome: Bool = true, certificate: HomeCertificate? = nil,
        mail: String? = nil, options: [String] = [], services: [(Service, UInt16)]
    ) async throws {
        var arguments = [Script.path("mailbox.py")]
        if let certificate {
            arguments += ["--certificate", certificate.certificate.path, "--key", certificate.key.path]
        }
        if let mail { arguments += ["--mail", mail] }
        arguments += options + services.map { "\($0.rawValue)=\($1)" }
        let process = try (isAtHome ? network.home : network.edge).start(name, Script.python(), arguments)
        self.process = process
        try await eventually("\(name) listens") { () throws -> Bool? in
            guard process.isRunning else { throw TestFailure("\(name) ended at once\n\(process.tail)") }
            return process.output.lines.contains("listening") ? true : nil
        }
    }

    /// Ends it as a loss of power would, but for the resets that the kernel sends.
    func kill() async throws {
        process.send(SIGKILL)
        _ = try await process.exitCode()
    }

    /// To whom it keeps mail: how many copies.
    var kept: [Substring: Int] {
        process.output.lines.reduce(into: [:]) { count, line in
            let words = line.split(separator: " ")
            if words.count == 3, words[0] == "kept" { count[words[2], default: 0] += 1 }
        }
    }

    /// The numbers of the connections of which it has said so.
    func connections(_ what: String) -> Set<Int> {
        Set(
            process.output.lines.compactMap { line in
                let words = line.split(separator: " ")
                return words.count > 1 && words[0] == what ? Int(words[1]) : nil
            })
    }
}

/// A certificate for the mailbox that is its own authority.
struct HomeCertificate: Sendable {
    static let name = "mail.example.org"

    let certificate: TextFile
    let key: TextFile

    /// - Parameter file: the name of its files.
    init(on host: TestHost, name: String = name, file: String = "home") async throws {
        certificate = host.folder.file("\(file).pem")
        key = host.folder.file("\(file).key")
        let openssl = try host.start(
            "openssl-\(file)", Program("openssl", package: "openssl"),
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "90",
                "-subj", "/CN=\(name)", "-addext", "subjectAltName=DNS:\(name)",
                "-out", certificate.path, "-keyout", key.path,
            ])
        guard try await openssl.exitCode() == 0 else { throw TestFailure("openssl req: \(openssl.tail)") }
    }
}
