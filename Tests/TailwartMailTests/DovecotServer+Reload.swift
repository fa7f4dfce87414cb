import TailwartCore
import TailwartTesting

extension DovecotServer {
    var ports: [(UInt16, ListenerProtocol)] { [(imaps, .imaps), (pop3s, .pop3s), (sieve, .sieve)] }

    /// Restarts the login services with another configuration.
    func reconfigure(on host: TestHost, _ change: (String) -> String) async throws {
        let configuration = host.folder.file("dovecot.conf")
        let before = configuration.text
        let after = change(before)
        guard after != before else { throw TestFailure("the change finds nothing in\n\(before)") }
        try configuration.write(after)
        try await reload(on: host)
    }

    /// `doveadm reload`
    func reload(on host: TestHost) async throws {
        func count() -> Int { log.text.ranges(of: "SIGHUP received").count }
        let earlier = count()
        let doveadm = try Program("doveadm", package: "dovecot-core")
        let reload = try ChildProcess(
            "doveadm-reload-\(earlier)", doveadm, ["-c", host.folder.file("dovecot.conf").path, "reload"],
            in: host.folder)
        guard try await reload.exitCode() == 0 else { throw TestFailure("doveadm reload: \(reload.tail)") }
        try await eventually("Dovecot has reloaded") { count() > earlier ? true : nil }
    }
}
