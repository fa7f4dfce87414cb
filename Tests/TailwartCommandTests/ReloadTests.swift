import Glibc
import TailwartSystem
import TailwartTesting
import TailwartWire
import Testing

extension CommandTests {
    /// The file is changed and the real program told so.
    @Suite struct Reload {
        private static func configuration(_ listeners: [String: UInt16], _ mailbox: FakeMailbox) -> String {
            """
            workers: 1
            upstreams:
              mailbox: {endpoints: ["\(mailbox.address)"], proxy_protocol: none, health: off}
            listeners:
            \(listeners.sorted { $0.key < $1.key }.map { "  - {name: \($0.key), bind: [\"127.0.0.1:\($0.value)\"], protocol: smtp, to: mailbox}" }.joined(separator: "\n"))
            admin: {socket: off}
            log: {format: json}

            """
        }

        @Test func `SIGHUP has the changed file served, a bad one changes nothing, and the edge drains as before`()
            async throws
        {
            try await TestHost.run { host in
                let mailbox = try Echo.mailbox()
                let (port, other) = (try FreePort.take(), try FreePort.take())
                let file = host.folder.file("tailwart.yaml")
                let edge = try await EdgeProcess(
                    on: host, ports: [port],
                    Echo.configuration(listeningOn: "127.0.0.1:\(port)", upstream: "\(mailbox.address)"))
                let live = try Echo.connect(to: port)
                #expect(try live.echo())

                try file.write(Self.configuration(["mx": port, "sub": other], mailbox))
                edge.process.send(SIGHUP)
                try await edge.event(
                    containing: "reloaded: listener mx: was called smtp; listener sub: new, on 127.0.0.1:\(other)")
                let added = try Echo.connect(to: other)
                #expect(try added.echo())
                #expect(try live.echo("still here"))

                try file.write("workers: 1\nlisteners: [{name: mx}]\nmialbox: {}\n")
                edge.process.send(SIGHUP)
                let failure = try await edge.event(containing: "not reloaded")
                #expect(failure.level == "error")
                for part in ["\(file.path):2:13: error: ", "\(file.path):3:1: error: unknown key 'mialbox'"] {
                    #expect(failure.message.contains(part), "\(failure.message)")
                }
                unlink(file.path)
                edge.process.send(SIGHUP)
                try await edge.event(containing: "there is no such file")

                try file.write(Self.configuration(["mx": port], mailbox).replacing("workers: 1", with: "drain: 10m"))
                edge.process.send(SIGHUP)
                let last = try await edge.event(
                    containing:
                        "reloaded: workers: 1 → one for each core needs a restart; until then it is 1; drain: 30s → 10m"
                )
                #expect(last.level == "warning")
                #expect(throws: Errno.connectionRefused) { try Echo.connect(to: other) }
                // Who came there goes on.
                #expect(try added.echo("still here too"))

                edge.process.send(SIGTERM)
                try await edge.event(containing: "2 connections may finish within 10m")
                edge.process.send(SIGHUP)
                try await edge.event(containing: "not reloaded, all is as it was: error: the edge is draining")
                for client in [live, added] { client.close() }
                #expect(try await edge.process.exitCode() == 0)
                #expect(edge.records.map(\.reason) == ["closed", "closed"])
                mailbox.close()
            }
        }

        @Test func `many signals at once are one reload or some, and none is lost`() async throws {
            try await TestHost.run { host in
                let mailbox = try Echo.mailbox()
                let port = try FreePort.take()
                let file = host.folder.file("tailwart.yaml")
                let edge = try await EdgeProcess(
                    on: host, ports: [port],
                    Echo.configuration(listeningOn: "127.0.0.1:\(port)", upstream: "\(mailbox.address)"))
                try await edge.event(containing: "listens on")
                for number in 1...20 {
                    try file.write(Self.configuration(["l\(number)": port], mailbox))
                    edge.process.send(SIGHUP)
                }
                // The last one counts, whatever became of the others.
                try await edge.event(containing: "listener l20: was called ")
                let client = try Echo.connect(to: port)
                #expect(try client.echo())
                client.close()
                let record = try await edge.record(of: "127.0.0.1")
                #expect(record.listener == "l20")
                edge.process.send(SIGTERM)
                #expect(try await edge.process.exitCode() == 0)
                mailbox.close()
            }
        }
    }
}
