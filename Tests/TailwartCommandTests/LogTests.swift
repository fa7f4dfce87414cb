import Foundation
import Glibc
import TailwartTesting
import TailwartWire
import Testing

extension CommandTests {
    @Suite struct Log {
        @Test func `mail goes on while nobody reads the log, and lost lines are counted`() async throws {
            try await TestHost.run { host in
                let mailbox = try Echo.mailbox()
                let ports = (closing: try FreePort.take(), mail: try FreePort.take())
                let pipe = Pipe()
                let edge = try await EdgeProcess(
                    on: host, ports: [ports.closing, ports.mail], output: pipe,
                    """
                    workers: 1
                    upstreams: {mailbox: {endpoints: ["\(mailbox.address)"], proxy_protocol: none, health: off}}
                    listeners:
                      - {name: closing, bind: ["127.0.0.1:\(ports.closing)"], protocol: smtp, to: close}
                      - {name: mail, bind: ["127.0.0.1:\(ports.mail)"], protocol: smtp, to: mailbox}
                    """)
                // The pipe holds 64 KiB, the log's buffer as much and the ring 512 records: far less than this.
                let burst = 4000
                for _ in 0..<burst {
                    let client = try Echo.connect(to: ports.closing)
                    _ = try client.receiveToEnd()
                    client.close()
                }
                let mail = try Echo.connect(to: ports.mail)
                #expect(try mail.echo())
                mail.close()

                let text = TextFromPipe(pipe)
                try await eventually("the log says what was lost") {
                    text.whole.contains("connection records were lost") ? true : nil
                }
                edge.process.send(SIGTERM)
                #expect(try await edge.process.exitCode() == 0)
                let lines = try LogLine.all(in: await text.untilEnd())
                let written = lines.count { $0.message == LogLine.connection }
                let lost = lines.compactMap { $0.message.wholeMatch(of: #/(\d+) connection records were lost: .+/#)?.1 }
                    .compactMap { Int($0) }
                #expect(!lost.isEmpty)
                #expect(written + lost.reduce(0, +) == burst + 1)
                #expect(lines.last?.message == "stopped after \(burst + 1) connections")
                mailbox.close()
            }
        }

        @Test func `a file gets JSON`() async throws {
            try await TestHost.run { host in
                let port = try FreePort.take()
                let edge = try await EdgeProcess(
                    on: host, ports: [port], log: "{level: info}",
                    Echo.configuration(listeningOn: "127.0.0.1:\(port)", upstream: "127.0.0.1:25"))
                try await edge.event(containing: "listens on 127.0.0.1:\(port) (smtp)")
                edge.process.send(SIGTERM)
                #expect(try await edge.process.exitCode() == 0)
                #expect(try LogLine.all(in: edge.process.output.text).count == 3)
            }
        }

        @Test func `a terminal gets text`() async throws {
            try await TestHost.run { host in
                let port = try FreePort.take()
                let file = host.folder.file("tailwart.yaml")
                try file.write(Echo.configuration(listeningOn: "127.0.0.1:\(port)", upstream: "127.0.0.1:25"))
                let script = try Program("script", package: "bsdutils")
                let terminal = try host.start(
                    "terminal", script,
                    [
                        "--quiet", "--return", "--command", "\(try Program.edge().path) run --config \(file.path)",
                        "/dev/null",
                    ],
                    input: Pipe())
                let line = try await eventually("the first line") { terminal.output.lines.first }
                #expect(line.prefixMatch(of: #/\d\d:\d\d:\d\d\.\d{3} tailwart /#) != nil, "\(line)")
                #expect(line.contains("listens on 127.0.0.1:\(port) (smtp)"))
            }
        }
    }
}
