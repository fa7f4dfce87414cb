import TailwartTesting
import Testing

extension NetworkTests {
    @Test func `mail programs show an error that a person can understand while the mailbox is away`() async throws {
        try await TestNetwork.run { network in
            _ = try await NetworkEdge(
                in: network, ports: [25, 110, 143, 993],
                """
                tailscale: off
                defaults: {refusal: {host: mx.example.org, text: the mailbox is away}}
                upstreams:
                  mailbox: {endpoints: [\(TestNetwork.mailbox)], proxy_protocol: v2, connect_timeout: 2s, health: off}
                listeners:
                  - {name: smtp, bind: [":25"], to: mailbox}
                  - {name: pop3, bind: [":110"], to: mailbox}
                  - {name: imap, bind: [":143"], to: mailbox}
                  - {name: imaps, bind: [":993"], to: mailbox}
                """)
            let folder = network.host.folder
            let curl = try Program("curl", package: "curl")
            let fetchmail = try Program("fetchmail", package: "fetchmail")
            let commands: [(name: String, Program, arguments: [String], code: Int32, says: String)] = [
                ("curl-imap", curl, Self.curl("imap"), 8, "< * BYE [UNAVAILABLE] the mailbox is away"),
                ("curl-imaps", curl, Self.curl("imaps"), 35, "tlsv1 alert internal error"),
                ("curl-pop3", curl, Self.curl("pop3"), 8, "< -ERR [SYS/TEMP] the mailbox is away"),
                ("curl-smtp", curl, Self.curl("smtp"), 8, "< 421 4.3.2 mx.example.org the mailbox is away"),
                // 2 is "socket error", after which it goes on at the next interval.
                (
                    "fetchmail", fetchmail, try Self.fetchmail("imap", in: folder), 2,
                    "Received BYE response from IMAP server:  [UNAVAILABLE] THE MAILBOX IS AWAY"
                ),
                (
                    "swaks", try Program("swaks", package: "swaks"),
                    ["--server", "\(TestNetwork.edge[0])", "--to", "ann@example.org", "--quit-after", "rcpt"], 21,
                    "421 4.3.2 mx.example.org the mailbox is away"
                ),
                // It wants a terminal, and leaves when it is told to.
                (
                    "mutt", try Program("script", package: "bsdutils"),
                    [
                        "-qec",
                        "TERM=xterm mutt -n -F /dev/null -e 'set folder=\(folder.path)' -e 'set ssl_starttls=no'"
                            + " -e 'push q' -f imap://ann:secret@\(TestNetwork.edge[0])/INBOX", "/dev/null",
                    ], 0, "[UNAVAILABLE] the mailbox is away"
                ),
            ]
            for (name, program, arguments, code, says) in commands {
                let client = try network.internet.start(name, program, arguments)
                #expect(try await client.exitCode() == code, "\(name): \(client.tail)")
                let shown = client.output.text + client.errors.text
                #expect(shown.contains(says), "\(name): \(shown)")
            }
        }
    }

    private static func curl(_ scheme: String) -> [String] {
        [
            "--verbose", "--no-progress-meter", "--max-time", "20", "--user", "ann:secret",
            "\(scheme)://\(TestNetwork.edge[0])/",
        ]
    }

    private static func fetchmail(_ proto: String, in folder: TemporaryFolder) throws -> [String] {
        let file = folder.file("fetchmailrc")
        try file.write(
            """
            set idfile \(folder.path)/fetchids
            set pidfile \(folder.path)/fetchmail.pid
            poll \(TestNetwork.edge[0]) protocol \(proto) user ann password secret sslproto '' mda /bin/false

            """)
        // It reads no file with a password that others may read.
        try file.protect()
        return ["--fetchmailrc", file.path, "--nodetach", "--nosyslog"]
    }
}
