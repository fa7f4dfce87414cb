import Glibc
import Synchronization
import TailwartTesting
import Testing

@testable import TailwartGate

/// The reason for `--postgres`: a real server whose port is open long before it takes connections.
@Suite(.serialized) struct PostgresServerTests {
    @Test(arguments: [
        ("scram-sha-256", false, "takes connections"), ("scram-sha-256", true, "takes connections"),
        ("trust", false, "takes connections"), ("trust", true, "takes connections"),
    ])
    func `port open but starting, then ready`(authentication: String, encrypts: Bool, text: String) async throws {
        try await TestHost.run { host in
            let server = try await PostgresServer(on: host, authentication: authentication, encrypts: encrypts)
            let postgres = Condition.postgres(server.endpoint)
            let tcp = Condition.tcp(server.endpoint)
            let check = try ConditionCheck(for: [postgres, tcp], group: EventLoops.one)

            // The port alone says that all is well.
            let waited = await Gate([tcp], timeout: .seconds(60), attempt: check.attempt).run { _ in }
            #expect(waited.isReady, "\(server.process.tail)")
            let starting = await check.attempt(postgres, within: Asking.patience)
            #expect(starting.state == "starting")
            #expect(starting.text == "the database system is starting up (57P03)")
            let before = server.complaints.filter { !$0.contains("starting up") }

            let lines = Mutex<[String]>([])
            async let result = Gate([postgres, tcp], timeout: .seconds(60), attempt: check.attempt).run { change in
                lines.withLock { $0.append(change.text) }
            }
            try await eventually("a line that says that it waits") {
                lines.withLock { $0.contains("\(postgres): the database system is starting up (57P03), waiting") }
                    ? true : nil
            }
            try server.finishStarting()
            #expect(await result.isReady, "\(server.process.tail)")
            let last = try #require(lines.withLock { $0.last })
            #expect(last.hasPrefix("\(postgres): ready: \(text)"), "\(last)")

            // A check every half minute must not fill the server's log.
            #expect(server.complaints.filter { !$0.contains("starting up") } == before)
            // Without waiting for anybody: asked with SIGTERM as recovery ends, it waits for ever.
            server.process.send(SIGINT)
            _ = try await server.process.exitCode()
            #expect(await check.attempt(postgres, within: Asking.patience).state == "refused")
        }
    }

    @Test(arguments: [
        ("scram-sha-256", false), ("scram-sha-256", true), ("trust", false), ("md5", false),
    ])
    func `a login is proven as the mail server would log in`(authentication: String, encrypts: Bool) async throws {
        try await TestHost.run { host in
            let server = try await PostgresServer(on: host, authentication: authentication, encrypts: encrypts)
            try server.finishStarting()
            func finding(_ database: String? = nil, password: String = PostgresServer.password) async throws -> Finding
            {
                let postgres = Condition.postgres(server.endpoint)
                let login = try PostgresLogin(
                    user: "postgres", database: database, password: password, variable: "STALWART_DB_PASSWORD")
                let check = try ConditionCheck(for: [postgres], login: login, group: EventLoops.one)
                return try await settled(postgres, check)
            }
            let admitted = try await finding()
            #expect(admitted == .ready("lets postgres into the database postgres"), "\(admitted)")
            let missing = try await finding("mail")
            #expect(missing.state == "login_refused" && missing.text.hasSuffix("(3D000)"), "\(missing)")
            #expect(missing.fix == "make it: CREATE DATABASE \"mail\" OWNER \"postgres\"")
            guard authentication != "trust" else { return }
            let wrong = try await finding(password: "pen")
            #expect(wrong.state == "login_refused", "\(wrong)")
            #expect(wrong.text == "password authentication failed for user \"postgres\" (28P01)")
            #expect(wrong.fix?.contains("$STALWART_DB_PASSWORD") == true && wrong.pause > .zero)
            #expect(!"\(wrong)".contains("pen,"))
        }
    }

    @Test(arguments: [
        ("password", false, "in the clear"), ("password", true, "in the clear"),
        ("md5", false, "as MD5"), ("md5", true, "as MD5"),
    ])
    func `a password is told to no server that nobody has verified`(
        authentication: String, encrypts: Bool, form: String
    ) async throws {
        try await TestHost.run { host in
            let server = try await PostgresServer(
                on: host, authentication: authentication, encrypts: encrypts, keepsPasswordsAsMD5: true)
            try server.finishStarting()
            let postgres = Condition.postgres(server.endpoint)
            let login = try PostgresLogin(
                user: "postgres", database: nil, password: PostgresServer.password, variable: "PGPASSWORD")
            let check = try ConditionCheck(for: [postgres], login: login, group: EventLoops.one)
            let finding = try await settled(postgres, check)
            #expect(finding.state == "login_unsafe")
            #expect(finding.text.hasPrefix("asks for the password \(form); it was not sent"))
            #expect(finding.fix?.hasPrefix("use scram-sha-256") == true && finding.pause > .zero)
        }
    }

    @Test(arguments: [false, true])
    func `a server that lets nobody in from here is not ready, and says so`(encrypts: Bool) async throws {
        try await TestHost.run { host in
            let server = try await PostgresServer(on: host, authentication: "reject", encrypts: encrypts)
            try server.finishStarting()
            let postgres = Condition.postgres(server.endpoint)
            let check = try ConditionCheck(for: [postgres], group: EventLoops.one)
            let finding = try await settled(postgres, check)
            #expect(finding.state == "not_admitted" && !finding.isReady)
            #expect(
                finding.text.hasPrefix("pg_hba.conf rejects connection for host \"127.0.0.1\", user \"postgres\""))
            #expect(finding.fix?.contains("pg_hba.conf") == true && finding.fix?.contains("--postgres-user") == true)
            #expect(finding.pause > .zero, "each attempt is a line in its log")
        }
    }

    @Test func `a server that lets in only who comes without TLS is asked without`() async throws {
        try await TestHost.run { host in
            let server = try await PostgresServer(
                on: host, authentication: "scram-sha-256", connections: "hostnossl", encrypts: true)
            try server.finishStarting()
            let postgres = Condition.postgres(server.endpoint)
            let check = try ConditionCheck(for: [postgres], group: EventLoops.one)
            #expect(try await settled(postgres, check) == .ready("takes connections"))
        }
    }

    @Test(arguments: ["trust", "scram-sha-256"])
    func `a standby is not ready for one that must write`(authentication: String) async throws {
        try await TestHost.run { host in
            let server = try await PostgresServer(
                on: host, authentication: authentication, encrypts: false, role: .hotStandby)
            try server.finishStarting()
            let postgres = Condition.postgres(server.endpoint)
            let login = try PostgresLogin(
                user: "postgres", database: nil, password: PostgresServer.password, variable: "PGPASSWORD")
            let check = try ConditionCheck(
                for: [postgres], login: authentication == "trust" ? nil : login, group: EventLoops.one)
            let finding = try await settled(postgres, check) { $0.state == "standby" }
            #expect(finding.state == "standby" && !finding.isReady, "\(finding) \(server.process.tail)")
            #expect(finding.fix == "name the primary, or promote this one")
        }
    }

    @Test func `a standby that answers nobody says why, in the server's words`() async throws {
        try await TestHost.run { host in
            let server = try await PostgresServer(
                on: host, authentication: "trust", encrypts: false, role: .coldStandby)
            let postgres = Condition.postgres(server.endpoint)
            let check = try ConditionCheck(for: [postgres], group: EventLoops.one)
            let text = "the database system is not accepting connections: Hot standby mode is disabled (57P03)"
            try server.finishStarting()
            let finding = try await settled(postgres, check) { $0.text == text }
            #expect(finding.text == text && finding.state == "starting", "\(server.process.tail)")
        }
    }

    /// What is found once the server has started. Between the end of recovery and the moment in which it takes writes it is a standby, of which
    /// a busy machine sees something.
    private func settled(
        _ postgres: Condition, _ check: ConditionCheck,
        _ isSettled: (Finding) -> Bool = { !["starting", "refused", "standby"].contains($0.state) }
    ) async throws -> Finding {
        let end = ContinuousClock.now + .seconds(60)
        while true {
            let finding = await check.attempt(postgres, within: Asking.patience)
            guard !isSettled(finding), ContinuousClock.now < end else { return finding }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}

extension PostgresServer {
    fileprivate var endpoint: HostAndPort { HostAndPort(host: "127.0.0.1", port: port) }
}
