import TailwartCore
import TailwartSetup
import TailwartTesting
import TailwartWire

/// Debian's Postfix on high ports that require a PROXY header, set as `tailwart trust` says, with everything it writes in the
/// test's folder.
struct PostfixServer: Sendable {
    static let hostName = "mail.example.org"

    /// For mail from other servers.
    let port: UInt16
    /// For mail programs, over TLS from the first byte.
    let submissions: UInt16
    let log: TextFile
    let process: ChildProcess

    /// - Parameter port: for mail from other servers; a free one if nil.
    init(
        on host: TestHost, mail: MailFolder, certificate: TestCertificates.Certificate, port chosen: UInt16? = nil
    ) async throws {
        let port = try chosen ?? FreePort.take()
        let submissions = try FreePort.take()
        let folder = host.folder
        let configuration = try folder.makeFolder("postfix")
        let queue = try folder.makeFolder("postfix-queue")
        let state = try folder.makeFolder("postfix-state", owner: .named("postfix", package: "postfix"))
        self.port = port
        self.submissions = submissions
        self.log = folder.file("postfix.log")

        try folder.file("postfix/main.cf").write(
            """
            compatibility_level = 3.6
            queue_directory = \(queue)
            data_directory = \(state)
            maillog_file = \(log.path)
            maillog_file_prefixes = \(folder.path)
            myhostname = \(Self.hostName)
            inet_interfaces = 127.0.0.1
            inet_protocols = all
            mydestination =
            mynetworks =
            alias_maps =
            smtpd_peername_lookup = no
            smtpd_relay_restrictions = reject_unauth_destination
            smtpd_tls_security_level = may
            smtpd_tls_chain_files = \(certificate.key.path), \(certificate.certificate.path)
            virtual_mailbox_domains = example.org
            virtual_mailbox_base = \(mail.path)
            virtual_mailbox_maps = static:\(MailFolder.user)/Maildir/
            virtual_mailbox_limit = 0
            virtual_uid_maps = static:\(UnixUser.nobody.uid)
            virtual_gid_maps = static:\(UnixUser.nobody.gid)
            message_size_limit = 20480000

            """)
        let services = PostfixTrust.services(
            [DialledPort(.smtp, port: port), DialledPort(.submissions, port: submissions)], on: .loopbackV4)
        // service, type, private, unprivileged, chroot, wakeup, maxproc, command: master(5)
        try folder.file("postfix/master.cf").write(
            """
            \(services)
            anvil     unix       - - n -    1 anvil
            bounce    unix       - - n -    0 bounce
            cleanup   unix       n - n -    0 cleanup
            defer     unix       - - n -    0 bounce
            error     unix       - - n -    - error
            postlog   unix-dgram n - n -    1 postlogd
            proxymap  unix       - - n -    - proxymap
            qmgr      unix       n - n 300  1 qmgr
            retry     unix       - - n -    - error
            rewrite   unix       - - n -    - trivial-rewrite
            tlsmgr    unix       - - n 1000 1 tlsmgr
            trace     unix       - - n -    0 bounce
            virtual   unix       - n n -    - virtual

            """)

        // Makes the queue's folders; the master process by itself does not.
        let postfix = try Program("postfix", package: "postfix")
        let check = try ChildProcess("postfix-check", postfix, ["-c", configuration, "check"], in: folder)
        guard try await check.exitCode() == 0 else { throw TestFailure("postfix check: \(check.tail)\n\(log.text)") }
        let master = try Program("master", package: "postfix", in: ["/usr/lib/postfix/sbin"])
        // -d: it stays in the process group that it already leads, and its own errors go to our file.
        self.process = try host.start("postfix", master, ["-c", configuration, "-d"])
        try await ListeningPorts.wait(for: [port, submissions], of: process)
    }

    /// Waits for a line of the log with this text.
    @discardableResult
    func logLine(containing text: String) async throws -> Substring {
        try await eventually("Postfix logs '\(text)'") { log.lines.first { $0.contains(text) } }
    }
}
