import Foundation
import Synchronization
import TailwartTesting

/// Somebody's Postfix on the internet that sends all mail to the edge and tries again soon, with everything it writes in the test's
/// folder.
struct SendingPostfix: Sendable {
    /// Where it takes mail from its own host.
    private static let port = 2525

    let log: TextFile
    private let journal = Journal()
    private let network: TestNetwork

    /// - Parameters:
    ///   - ports: where the edge takes the mail of some domains; that of all others it takes on 25.
    ///   - encrypts: whether it says STARTTLS where that is offered.
    init(in network: TestNetwork, ports: [String: UInt16] = [:], encrypts: Bool = false) async throws {
        let folder = network.host.folder
        let configuration = try folder.makeFolder("postfix")
        let queue = try folder.makeFolder("postfix-queue")
        let state = try folder.makeFolder("postfix-state", owner: .named("postfix", package: "postfix"))
        self.network = network
        log = folder.file("postfix.log")
        let transports = ports.map { "{\($0) = smtp:[\(TestNetwork.edge[0])]:\($1)}" }.joined(separator: ", ")
        // Each message is tried, also where others were deferred just now: the more come at once, the more can go wrong.
        // Back-off is counted in minutes otherwise: postconf(5).
        try folder.file("postfix/main.cf").write(
            """
            compatibility_level = 3.6
            queue_directory = \(queue)
            data_directory = \(state)
            maillog_file = \(log.path)
            maillog_file_prefixes = \(folder.path)
            myhostname = sender.example.net
            inet_interfaces = 127.0.0.1
            inet_protocols = ipv4
            mydestination =
            mynetworks = 127.0.0.0/8
            alias_maps =
            smtpd_peername_lookup = no
            smtpd_relay_restrictions = permit_mynetworks, reject
            relayhost = [\(TestNetwork.edge[0])]:25
            transport_maps = \(transports.isEmpty ? "" : "inline:{\(transports)}")
            smtp_tls_security_level = \(encrypts ? "may" : "none")
            default_destination_concurrency_failed_cohort_limit = 1000
            minimal_backoff_time = 2s
            maximal_backoff_time = 3s
            queue_run_delay = 1s

            """)
        // The queue manager looks every two seconds for what is new, not every five minutes: a message that it has to put back
        // counts as new.
        //
        // service, type, private, unprivileged, chroot, wakeup, maxproc, command: master(5)
        try folder.file("postfix/master.cf").write(
            """
            127.0.0.1:\(Self.port) inet n - n - - smtpd
            anvil     unix       - - n -    1 anvil
            bounce    unix       - - n -    0 bounce
            cleanup   unix       n - n -    0 cleanup
            defer     unix       - - n -    0 bounce
            error     unix       - - n -    - error
            postlog   unix-dgram n - n -    1 postlogd
            proxymap  unix       - - n -    - proxymap
            qmgr      unix       n - n 2    1 qmgr
            retry     unix       - - n -    - error
            rewrite   unix       - - n -    - trivial-rewrite
            scache    unix       - - n -    1 scache
            smtp      unix       - - n -    - smtp
            tlsmgr    unix       - - n 1000 1 tlsmgr
            trace     unix       - - n -    0 bounce

            """)
        // Makes the queue's folders; the master process by itself does not.
        try await network.internet.run(
            "postfix-check", Program("postfix", package: "postfix"), ["-c", configuration, "check"])
        let master = try Program("master", package: "postfix", in: ["/usr/lib/postfix/sbin"])
        // -d: it stays in the process group that it already leads, and its own errors go to our file.
        let process = try network.internet.start("postfix", master, ["-c", configuration, "-d"])
        try await eventually("Postfix is up") { () throws -> Bool? in
            guard process.isRunning else { throw TestFailure("Postfix ended at once\n\(process.tail)") }
            return log.text.contains("daemon started") ? true : nil
        }
    }

    /// Leaves a message in its queue.
    func queue(_ message: String) async throws {
        let file = network.host.folder.file("message.eml")
        try file.write(message)
        try await network.internet.run(
            "swaks", Program("swaks", package: "swaks"),
            [
                "--server", "127.0.0.1", "--port", "\(Self.port)", "--from", "bob@example.net",
                "--to", "ann@example.org", "--helo", "sender.example.net", "--data", "@\(file.path)", "--suppress-data",
            ])
    }

    /// Leaves `count` messages in its queue, for `1ann@domain`, `2ann@domain` …
    func queue(_ count: Int, to domain: String, for name: String = "ann") async throws {
        try await network.internet.run(
            "smtp-source-\(name)-\(domain)", Program("smtp-source", package: "postfix"),
            [
                "-c", "-m", "\(count)", "-s", "2", "-N", "-M", "sender.example.net", "-f", "bob@example.net",
                "-t", "\(name)@\(domain)", "127.0.0.1:\(Self.port)",
            ])
    }

    /// All attempts so far, in their order.
    var attempts: [Attempt] { journal.read(log.data) }

    /// How many attempts came to what.
    var tally: [String: Int] { Dictionary(grouping: attempts, by: \.status).mapValues(\.count) }

    /// Waits for a line of the log that has all of these.
    @discardableResult
    func logLine(containing texts: String...) async throws -> Substring {
        try await eventually("Postfix logs \(texts)") {
            log.lines.first { line in texts.allSatisfy { line.contains($0) } }
        }
    }
}

extension SendingPostfix {
    /// What became of one message when it was tried.
    struct Attempt: Sendable {
        let recipient: String
        /// `sent`, `deferred`, `bounced`.
        let status: String
        /// What the other side said, or what happened.
        let text: String

        var domain: String { String(recipient.drop { $0 != "@" }.dropFirst()) }

        /// Nil if the line of the log tells of no attempt.
        fileprivate init?(_ line: Data) {
            guard let recipient = line.text(from: "to=<", to: ">"), let status = line.text(from: "status=", to: " "),
                let text = line.text(from: "status=\(status) (", to: nil)
            else { return nil }
            (self.recipient, self.status, self.text) = (recipient, status, String(text.dropLast()))
        }
    }

    /// What was read of a log that grows: each line is looked at once.
    private final class Journal: Sendable {
        private let state = Mutex<(offset: Int, attempts: [Attempt])>((0, []))

        func read(_ log: Data) -> [Attempt] {
            state.withLock { state in
                while let end = log[state.offset...].firstIndex(of: UInt8(ascii: "\n")) {
                    if let attempt = Attempt(log[state.offset..<end]) { state.attempts.append(attempt) }
                    state.offset = end + 1
                }
                return state.attempts
            }
        }
    }
}

extension Data {
    /// What stands between two texts, the second of which may be the end.
    fileprivate func text(from start: String, to end: String?) -> String? {
        guard let start = range(of: Data(start.utf8)) else { return nil }
        let rest = self[start.upperBound...]
        let end = end.map { rest.range(of: Data($0.utf8))?.lowerBound ?? rest.endIndex } ?? rest.endIndex
        return String(decoding: rest[..<end], as: UTF8.self)
    }
}
