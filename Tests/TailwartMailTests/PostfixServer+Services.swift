import TailwartTesting

extension PostfixServer {
    /// Opens one more port with these options.
    func add(_ options: [String], on host: TestHost) async throws -> UInt16 {
        let lines = options.map { "  -o { \($0) }\n" }.joined()
        return try await add({ "127.0.0.1:\($0) inet n - n - - smtpd\n\(lines)" }, on: host)
    }

    /// Opens one more port with postscreen in front, as Postfix's own master.cf has it.
    func addPostscreen(expectsHeader: Bool, on host: TestHost) async throws -> UInt16 {
        let header = expectsHeader ? "  -o postscreen_upstream_proxy_protocol=haproxy\n" : ""
        let rest = "smtpd pass - - n - - smtpd\ndnsblog unix - - n - 0 dnsblog\ntlsproxy unix - - n - 0 tlsproxy\n"
        return try await add(
            {
                "127.0.0.1:\($0) inet n - n - 1 postscreen\n  -o postscreen_greet_action=enforce\n\(header)\(rest)"
            }, on: host)
    }

    private func add(_ service: (UInt16) -> String, on host: TestHost) async throws -> UInt16 {
        let port = try FreePort.take()
        let services = host.folder.file("postfix/master.cf")
        try services.write(services.text + service(port))
        try await reload(on: host)
        try await ListeningPorts.wait(for: [port], of: process)
        return port
    }

    /// `postfix reload`
    func reload(on host: TestHost) async throws {
        let postfix = try Program("postfix", package: "postfix")
        let reload = try ChildProcess(
            "postfix-reload", postfix, ["-c", host.folder.file("postfix").path, "reload"], in: host.folder)
        guard try await reload.exitCode() == 0 else { throw TestFailure("postfix reload: \(reload.tail)") }
    }
}
