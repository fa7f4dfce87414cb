import NIOCore
import TailwartClient
import TailwartWire

/// Mail through the edge: the client's address has to arrive, and so has the message.
extension SelfTest {
    static let secondClient = IPAddress.v4(0x7f00_0002)
    static let thirdClient = IPAddress.v4(0x7f00_0003)

    var mailSteps: [Step] {
        [
            deliveryStep("SMTP with STARTTLS", from: .loopbackV4) { try await deliver(from: $0) },
            deliveryStep("SMTP with STARTTLS", from: Self.secondClient) { try await deliver(from: $0) },
            deliveryStep("submissions", from: .loopbackV4) { try await submit(from: $0) },
            deliveryStep("submissions", from: Self.secondClient) { try await submit(from: $0) },
            Step("IMAPS from \(Self.thirdClient): IDLE notices a message, FETCH returns it") {
                try await idleAndFetch()
            },
            Step("SMTP with STARTTLS from ::1") { try await deliverV6() },
        ]
    }

    private func deliveryStep(
        _ title: String, from source: IPAddress, _ deliver: @escaping @Sendable (IPAddress) async throws -> String
    ) -> Step {
        Step("\(title) from \(source)") {
            guard await canBind(source) else { return "this host has no \(source): left out" }
            _ = try await deliver(source)
            return "the mailbox saw \(source) and stored the message"
        }
    }

    /// Answers the token in the delivered message.
    func deliver(from source: IPAddress) async throws -> String {
        try await connected(to: edge.smtp, from: source) { connection in
            try await expectGreeting(of: source, on: connection)
            return try await deliverWithSTARTTLS(on: connection)
        }
    }

    private func submit(from source: IPAddress) async throws -> String {
        try await connected(to: edge.submissions, from: source, tls: mailTLS()) { connection in
            try await expectGreeting(of: source, on: connection)
            try await expect("250", to: "EHLO selftest.example.net", on: connection)
            return try await deliverMessage(on: connection)
        }
    }

    private func deliverV6() async throws -> String {
        guard await canBind(.loopbackV6) else { return "no IPv6 on this host: left out" }
        guard let port = edge.smtpV6 else {
            throw CheckFailure("this host has ::1, but the edge does not listen there")
        }
        return try await connected(to: port, at: .loopbackV6, from: .loopbackV6) { connection in
            try await expectGreeting(of: .loopbackV6, on: connection)
            _ = try await deliverWithSTARTTLS(on: connection)
            return "the mailbox saw ::1 and stored the message"
        }
    }

    private func deliverWithSTARTTLS(on connection: ClientConnection) async throws -> String {
        try await expect("250", to: "EHLO selftest.example.net", on: connection)
        try await expect("220", to: "STARTTLS", on: connection)
        try await connection.beginTLS(mailTLS())
        try await expect("250", to: "EHLO selftest.example.net", on: connection)
        return try await deliverMessage(on: connection)
    }

    private func deliverMessage(on connection: ClientConnection) async throws -> String {
        let token = "tailwart-" + String(UInt64.random(in: .min ... .max), radix: 16)
        try await expect("250", to: "MAIL FROM:<selftest@example.net>", on: connection)
        try await expect("250", to: "RCPT TO:<user@example.org>", on: connection)
        try await expect("354", to: "DATA", on: connection)
        let message = "From: selftest@example.net\r\nTo: user@example.org\r\nSubject: \(token)\r\n\r\n..a dot\r\n."
        try await expect("250", to: message, on: connection)
        try await expect("221", to: "QUIT", on: connection)
        return token
    }

    func mailTLS() throws -> SelfTestTLS {
        try SelfTestTLS(
            authority: sandbox.certificates.authority, serverName: "mail.example.org", checksName: true)
    }

    /// The greeting names the client's address as the mailbox knows it.
    func expectGreeting(of source: IPAddress, on connection: ClientConnection) async throws {
        let greeting: String
        do throws(ConnectionEnd) {
            greeting = try await connection.line()
        } catch {
            throw CheckFailure("no greeting: \(error); the mailbox got no PROXY header or was not reached")
        }
        guard let range = greeting.firstRange(of: "you come from ") else {
            throw CheckFailure("this is not the mailbox's greeting but perhaps the edge's refusal: \(greeting)")
        }
        let seen = greeting[range.upperBound...]
        guard seen == source.description else {
            throw CheckFailure("the greeting says \(seen), expected \(source): the PROXY header is missing or wrong")
        }
    }

    /// Sends a command line and reads the whole reply, of one line or more (RFC 5321 section 4.2.1).
    private func expect(_ code: String, to command: String, on connection: ClientConnection) async throws {
        try await connection.write(command + "\r\n")
        let name = command.prefix { $0 != " " && $0 != "\r\n" && $0 != ":" }
        var line = ""
        repeat {
            do throws(ConnectionEnd) {
                line = try await connection.line()
            } catch {
                throw CheckFailure("no reply to \(name): \(error)")
            }
        } while line.dropFirst(3).first == "-"
        guard line.hasPrefix(code) else {
            throw CheckFailure("\(name) was answered with \"\(line)\", expected \(code)")
        }
    }
}
