import NIOCore
import NIOPosix
import TailwartClient
import TailwartSystem
import TailwartWire

/// Real round trips through the edge's public ports to the sandbox behind it.
package struct SelfTest: Sendable {
    /// For each step: connecting, and each answer waited for.
    static let defaultDeadline = TimeAmount.seconds(10)

    let edge: EdgePorts
    let sandbox: Sandbox
    let deadline: TimeAmount

    package init(edge: EdgePorts, sandbox: Sandbox) {
        self.init(edge: edge, sandbox: sandbox, deadline: Self.defaultDeadline)
    }

    init(edge: EdgePorts, sandbox: Sandbox, deadline: TimeAmount) {
        self.edge = edge
        self.sandbox = sandbox
        self.deadline = deadline
    }

    /// Reports every check as it ends, in order; answers whether all have passed.
    package func run(report: @Sendable (Check) -> Void) async -> Bool {
        var passed = true
        for step in mailSteps + webSteps + streamSteps {
            let check = await step.run()
            passed = passed && check.passed
            report(check)
        }
        return passed
    }

    /// The last line, for a person.
    package static func verdict(passed: Bool) -> String {
        passed ? "This binary does the job." : "This binary cannot do the job: see the crosses above."
    }

    /// One check before it is run.
    struct Step: Sendable {
        let title: String
        /// Answers what was seen, or throws a ``CheckFailure``.
        let body: @Sendable () async throws -> String

        init(_ title: String, _ body: @escaping @Sendable () async throws -> String) {
            self.title = title
            self.body = body
        }

        func run() async -> Check {
            do {
                return Check(title: title, passed: true, detail: try await body())
            } catch let failure as CheckFailure {
                return Check(title: title, passed: false, detail: failure.detail)
            } catch {
                return Check(title: title, passed: false, detail: "\(error)")
            }
        }
    }

    /// Runs `body` with a connection that is closed whatever happens.
    func connected<Answer: Sendable>(
        to port: UInt16, at host: IPAddress? = nil, from source: IPAddress? = nil, tls: SelfTestTLS? = nil,
        _ body: (ClientConnection) async throws -> Answer
    ) async throws -> Answer {
        guard let ip = host ?? IPAddress(edge.host) else { throw CheckFailure("\(edge.host) is not an address") }
        let connection = try await ClientConnection.selfTest(
            to: InternetAddress(ip, port: port), from: source, deadline: deadline, group: sandbox.group)
        defer { connection.abort() }
        if let tls { try await connection.beginTLS(tls) }
        return try await body(connection)
    }

    /// Whether this host lets a client have this address.
    func canBind(_ address: IPAddress) async -> Bool {
        guard let socket = try? SocketAddress(ipAddress: address.description, port: 0),
            let channel = try? await ServerBootstrap(group: sandbox.group).bind(to: socket).get()
        else { return false }
        try? await channel.close()
        return true
    }
}

/// Where the self-test finds the edge.
package struct EdgePorts: Sendable, Equatable {
    /// The IPv4 address that the edge listens on. Other client addresses than 127.0.0.1 can be tried on loopback only.
    package var host: String
    package var smtp: UInt16
    package var submissions: UInt16
    package var imaps: UInt16
    package var https: UInt16
    /// A plain listener in front of the sandbox's echo.
    package var echo: UInt16
    /// The SMTP port on ::1; nil if the edge does not listen there, which the self-test accepts only on a host without ::1.
    package var smtpV6: UInt16?

    package init(
        host: String = "127.0.0.1", smtp: UInt16, submissions: UInt16, imaps: UInt16, https: UInt16, echo: UInt16,
        smtpV6: UInt16? = nil
    ) {
        self.host = host
        self.smtp = smtp
        self.submissions = submissions
        self.imaps = imaps
        self.https = https
        self.echo = echo
        self.smtpV6 = smtpV6
    }
}

/// One answer of the self-test.
package struct Check: Sendable, Equatable {
    package var title: String
    package var passed: Bool
    /// What was seen; for a failure also what it means.
    package var detail: String

    /// For a person.
    package func line(hasColours: Bool) -> String {
        let mark = passed ? "✓" : "✗"
        return "\(hasColours ? (passed ? TerminalColour.green : .red).paint(mark) : mark) \(title): \(detail)"
    }
}

/// Why a check failed, in a sentence for a person.
struct CheckFailure: Error {
    let detail: String

    init(_ detail: String) {
        self.detail = detail
    }
}
