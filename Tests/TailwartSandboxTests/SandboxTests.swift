import NIOCore
import TailwartClient
import TailwartWire
import Testing

@testable import TailwartSandbox

@Suite struct SandboxTests {
    @Test func `the events tell what the mailbox learned`() async throws {
        let sandbox = try await Sandbox.start()
        try await sandbox.deliver("Subject: one\r\n\r\ntext")
        try await sandbox.openInbox().abort()
        await sandbox.shutdown()
        var lines: [String] = []
        for await event in sandbox.events { lines.append(event.description) }
        try #require(lines.count == 4)
        #expect(lines[0] == "smtp: greeted 203.0.113.9:40000")
        #expect(lines[1].hasPrefix("message stored: <a@example.net> to 1 recipient, "))
        #expect(lines[1].hasSuffix(" bytes, from 203.0.113.9:40000"))
        #expect(lines[2...] == ["imaps: greeted 203.0.113.9:40000", "imaps: login from 203.0.113.9:40000"])
    }

    @Test func `after the shutdown nothing listens and open connections are gone`() async throws {
        let sandbox = try await Sandbox.start()
        let (connection, _) = try await sandbox.converse(.smtp)
        await sandbox.shutdown()
        #expect(try await connection.rest().readableBytes == 0)
        for service in SandboxService.allCases {
            await #expect(throws: CheckFailure.self) { _ = try await sandbox.connect(service) }
        }
    }

    @Test(arguments: [0, 1, 300_000])
    func `the echo sends everything back and says how much it was`(count: Int) async throws {
        try await withSandbox { sandbox in
            let connection = try await sandbox.connect(.echo)
            try await connection.write(proxyHeader())
            let bytes = ByteBuffer(repeating: 7, count: count)
            try await connection.write(bytes, isLast: true)
            var answer = try await connection.rest()
            #expect(answer.readSlice(length: count) == bytes)
            #expect(String(buffer: answer) == "\r\n\(count) bytes echoed\r\n")
        }
    }

    @Test func `every service has a port of its own`() async throws {
        try await withSandbox { sandbox in
            let ports = SandboxService.allCases.map { sandbox.ports[$0] }
            #expect(Set(ports).count == ports.count)
            #expect(!ports.contains(0))
        }
    }
}
