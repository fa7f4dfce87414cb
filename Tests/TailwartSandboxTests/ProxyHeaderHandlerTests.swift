import NIOCore
import TailwartClient
import TailwartWire
import Testing

@testable import TailwartSandbox

@Suite struct ProxyHeaderHandlerTests {
    @Test(arguments: [
        (ProxyHeader.Version.v1, "203.0.113.9"), (.v2, "203.0.113.9"), (.v1, "2001:db8::7"), (.v2, "2001:db8::7"),
    ])
    func `the greeting names the client of the header`(version: ProxyHeader.Version, address: String) async throws {
        let client = InternetAddress(try #require(IPAddress(address)), port: 40_000)
        try await withSandbox { sandbox in
            for service in [SandboxService.smtp, .submission, .submissions, .imaps] {
                let (connection, greeting) = try await sandbox.converse(service, as: client, version)
                connection.abort()
                #expect(greeting.hasSuffix("Tailwart sandbox: you come from \(address)"))
            }
        }
    }

    @Test func `a LOCAL header keeps the connection's own address`() async throws {
        try await withSandbox { sandbox in
            let connection = try await sandbox.connect(.smtp)
            var bytes = [UInt8](repeating: 0, count: 16)
            var span = bytes.mutableSpan
            _ = ProxyHeader.writeV2Local(into: &span)
            try await connection.write(ByteBuffer(bytes: bytes))
            #expect(try await connection.line().hasSuffix("you come from 127.0.0.1"))
            connection.abort()
        }
    }

    @Test func `a header in two pieces with the first command behind it is understood`() async throws {
        try await withSandbox { sandbox in
            let connection = try await sandbox.connect(.smtp)
            var header = proxyHeader()
            let beginning = header.readSlice(length: 13) ?? ByteBuffer()
            try await connection.write(beginning)
            header.writeString("NOOP\r\n")
            try await connection.write(header)
            #expect(try await connection.line().hasPrefix("220 "))
            #expect(try await connection.line().hasPrefix("250 "))
            connection.abort()
        }
    }

    @Test(arguments: [SandboxService.smtp, .submissions, .imaps, .echo])
    func `a connection without a header is closed without a word`(service: SandboxService) async throws {
        try await withSandbox(headerDeadline: .milliseconds(50)) { sandbox in
            let connection = try await sandbox.connect(service)
            #expect(try await connection.rest().readableBytes == 0)
            #expect(await sandbox.nextRefusal() == "no PROXY header within 50 ms")
        }
    }

    @Test func `bytes that are no header close the connection at once`() async throws {
        try await withSandbox { sandbox in
            let connection = try await sandbox.connect(.smtp)
            try await connection.write("EHLO client.example.net\r\n")
            // A reset is as good as an end here: the sandbox leaves bytes unread.
            let answer = try? await connection.rest()
            #expect((answer?.readableBytes ?? 0) == 0)
            #expect(await sandbox.nextRefusal() == ProxyHeaderError.notProxy.description)
        }
    }

    @Test func `a connection that ends before its header leaves a note`() async throws {
        try await withSandbox { sandbox in
            let connection = try await sandbox.connect(.smtp)
            try await connection.write("", isLast: true)
            #expect(try await connection.rest().readableBytes == 0)
            #expect(await sandbox.nextRefusal() == "the connection ended before a PROXY header")
        }
    }
}

extension Sandbox {
    fileprivate func nextRefusal() async -> String? {
        for await event in events {
            if case .headerRefused(_, let reason) = event { return reason }
        }
        return nil
    }
}
