import Foundation
import Glibc
import TailwartTesting
import TailwartWire
import Testing

extension CommandTests {
    @Suite struct Run {
        @Test func `a name that does not resolve yet does not stop the start`() async throws {
            try await TestHost.run { host in
                let mailbox = try Echo.mailbox()
                let port = try FreePort.take()
                // RFC 6761 section 6.4: this name never resolves.
                let edge = try await EdgeProcess(
                    on: host, ports: [port],
                    """
                    upstreams:
                      mailbox:
                        endpoints: ["name.invalid:\(mailbox.address.port)", "\(mailbox.address)"]
                        proxy_protocol: none
                    listeners:
                      - {name: smtp, bind: ["127.0.0.1:\(port)"], protocol: smtp, to: mailbox}
                    """)
                let client = try Echo.connect(to: port)
                #expect(try client.echo())
                client.close()
                let record = try await edge.record(of: "127.0.0.1")
                #expect(record.upstreamAddress == "\(mailbox.address)")
                let event = try await edge.event(containing: "name.invalid does not resolve")
                #expect(event.level == "warning")
                #expect(event.message.contains("no address is known yet"))
                mailbox.close()
            }
        }

        @Test func `a client over IPv4 on a socket for both families has an IPv4 address`() async throws {
            try await TestHost.run { host in
                let mailbox = try Echo.mailbox()
                let port = try FreePort.take()
                let edge = try await EdgeProcess(
                    on: host, ports: [port],
                    Echo.configuration(listeningOn: ":\(port)", upstream: "\(mailbox.address)"))
                let client = try Echo.connect(to: port, from: IPAddress("127.0.0.3"))
                #expect(try client.echo())
                let address = try #require(client.address)
                client.close()
                #expect(try await edge.record(of: "127.0.0.3").client == "127.0.0.3:\(address.port)")
                mailbox.close()
            }
        }

        @Test func `unix sockets on both sides, and one that was left behind is replaced`() async throws {
            try await TestHost.run { host in
                let front = host.folder.file("edge.sock").path
                let back = host.folder.file("mailbox.sock").path
                let mailbox = try TestListener(unixPath: back)
                let configuration = Echo.configuration(listeningOn: "unix:\(front)", upstream: "unix:\(back)")

                let first = try await EdgeProcess(on: host, ports: [], configuration)
                try await first.event(containing: "listens on unix:\(front)")
                first.process.send(SIGKILL)
                #expect(try await first.process.exitCode() == 128 + SIGKILL)
                #expect(FileManager.default.fileExists(atPath: front), "it was left behind")

                let edge = try await EdgeProcess(on: host, ports: [], configuration)
                try await edge.event(containing: "listens on unix:\(front)")
                let client = try TestSocket.connect(unixPath: front)
                try client.send(Array("in".utf8))
                let upstream = try mailbox.accept()
                #expect(try upstream.receive(exactly: 2) == Array("in".utf8))
                try upstream.send(Array("out".utf8))
                #expect(try client.receive(exactly: 3) == Array("out".utf8))
                client.close()
                upstream.close()
                let record = try await eventually("the record") { edge.records.first }
                #expect(record.client == "unix")
                #expect(record.upstreamAddress == "unix:\(back)")
                edge.process.send(SIGTERM)
                #expect(try await edge.process.exitCode() == 0)
                #expect(!FileManager.default.fileExists(atPath: front), "it was taken away")
            }
        }

        @Test func `a unix socket that is in use is an error`() async throws {
            try await TestHost.run { host in
                let path = host.folder.file("edge.sock").path
                let other = try TestListener(unixPath: path)
                try host.folder.file("tailwart.yaml").write(
                    Echo.configuration(listeningOn: "unix:\(path)", upstream: "127.0.0.1:2525"))
                let answer = try await Answer.tailwart(["run"], on: host)
                #expect(answer.exitCode == 3)
                #expect(answer.errors.contains("listens there"))
                let client = try TestSocket.connect(unixPath: path)
                let accepted = try other.accept(within: TestSocket.patience)
                #expect(accepted != nil, "the other's socket still works")
                client.close()
            }
        }
    }
}
