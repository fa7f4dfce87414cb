import TailwartCore
import TailwartSetup
import TailwartTesting
import TailwartWire

/// Debian's Dovecot with IMAPS, POP3S and ManageSieve on high ports that require a PROXY header, set as `tailwart trust` says,
/// with everything it writes in the test's folder.
struct DovecotServer: Sendable {
    let imaps: UInt16
    let pop3s: UInt16
    let sieve: UInt16
    let log: TextFile
    let process: ChildProcess

    init(on host: TestHost, mail: MailFolder, certificate: TestCertificates.Certificate) async throws {
        let folder = host.folder
        let configuration = folder.file("dovecot.conf")
        let state = try folder.makeFolder("dovecot")
        self.imaps = try FreePort.take()
        self.pop3s = try FreePort.take()
        self.sieve = try FreePort.take()
        self.log = folder.file("dovecot.log")
        let settings = DovecotTrust.settings(
            [DialledPort(.imaps, port: imaps), DialledPort(.pop3s, port: pop3s), DialledPort(.sieve, port: sieve)],
            edges: [.loopbackV4])
        let owner = "uid=\(UnixUser.nobody.uid) gid=\(UnixUser.nobody.gid)"

        try configuration.write(
            """
            protocols = imap pop3 sieve
            listen = 127.0.0.1
            base_dir = \(state)
            state_dir = \(state)
            log_path = \(log.path)
            ssl = required
            ssl_cert = <\(certificate.certificate.path)
            ssl_key = <\(certificate.key.path)
            mail_location = maildir:~/Maildir
            passdb {
              driver = static
              args = password=\(MailFolder.password)
            }
            userdb {
              driver = static
              args = \(owner) home=\(mail.path)/%n
            }
            service imap-login {
              inet_listener imap {
                port = 0
              }
              inet_listener imaps {
                port = 0
              }
            }
            service pop3-login {
              inet_listener pop3 {
                port = 0
              }
              inet_listener pop3s {
                port = 0
              }
            }
            service managesieve-login {
              inet_listener sieve {
                port = 0
              }
            }
            \(settings)

            """)
        let dovecot = try Program("dovecot", package: "dovecot-core")
        self.process = try host.start("dovecot", dovecot, ["-F", "-c", configuration.path])
        try await ListeningPorts.wait(for: [imaps, pop3s, sieve], of: process)
    }

    /// Waits for a line of the log that has all of these.
    @discardableResult
    func logLine(containing texts: String...) async throws -> Substring {
        try await eventually("Dovecot logs \(texts)") {
            log.lines.first { line in texts.allSatisfy { line.contains($0) } }
        }
    }
}
