import TailwartTesting

/// Somebody's Postfix on the internet that sends all mail to the edge and tries again soon, with everything it writes in the test's
/// folder.
struct SendingPostfix: Sendable {
    /// Where it takes mail from its own host.
    private static let port = 2525

    let log: TextFile
    private let network: TestNetwork

    init(in network: TestNetwork) async throws {
        let folder = network.host.folder
        let configuration = try folder.makeFolder("postfix")
        let queue = try folder.makeFolder("postfix-queue")
        let state = try folder.makeFolder("postfix-state", owner: .named("postfix", package: "postfix"))
        self.network = network
        log = folder.file("postfix.log")
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

    /// Waits for a line of the log that has all of these.
    @discardableResult
    func logLine(containing texts: String...) async throws -> Substring {
        try await eventually("Postfix logs \(texts)") {
            log.lines.first { line in texts.allSatisfy { line.contains($0) } }
        }
    }
}
