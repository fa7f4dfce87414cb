import Foundation
import Glibc
import TailwartSystem
import TailwartTesting
import TailwartWire
import Testing

extension CommandTests {
    /// What a signal does to the edge and to the connections that it carries.
    @Suite struct Drain {
        private struct Running {
            let mailbox: FakeMailbox
            let port: UInt16
            let edge: EdgeProcess
            let live: TestSocket
        }

        /// An edge with one live connection.
        private func start(on host: TestHost, drain: String) async throws -> Running {
            let mailbox = try Echo.mailbox()
            let port = try FreePort.take()
            let edge = try await EdgeProcess(
                on: host, ports: [port],
                Echo.configuration(
                    listeningOn: "127.0.0.1:\(port)", upstream: "\(mailbox.address)", rest: "drain: \(drain)"))
            let live = try Echo.connect(to: port)
            #expect(try live.echo())
            return Running(mailbox: mailbox, port: port, edge: edge, live: live)
        }

        @Test(arguments: [SIGTERM, SIGINT])
        func `nobody new comes in and a connection may finish`(signal: Int32) async throws {
            try await TestHost.run { host in
                let running = try await start(on: host, drain: "10m")
                running.edge.process.send(signal)
                try await running.edge.event(containing: "1 connection may finish within 10m")
                try await eventually("new connections are refused") { () throws -> Bool? in
                    do {
                        let late = try Echo.connect(to: running.port)
                        late.close()
                        return nil
                    } catch let error as Errno where error == .connectionRefused {
                        return true
                    }
                }
                #expect(try running.live.echo("still here"))
                running.live.finish()
                #expect(try running.live.receiveToEnd().end == .finished)
                #expect(try await running.edge.process.exitCode() == 0)
                // Who came before the doors closed was served too, and said nothing.
                let record = try #require(running.edge.records.first { $0.bytesIn > 0 })
                #expect(record.reason == "closed" && record.endedBy == "client")
                #expect(record.bytesIn == 15 && record.bytesOut == 15)
                running.mailbox.close()
            }
        }

        @Test(arguments: [SIGTERM, SIGINT])
        func `a connection that never ends is ended when the time is over`(signal: Int32) async throws {
            try await TestHost.run { host in
                let running = try await start(on: host, drain: "1s")
                running.edge.process.send(signal)
                #expect(try await running.edge.process.exitCode() == 0)
                #expect(running.edge.records.map(\.reason) == ["drained"])
                #expect(running.edge.records.map(\.endedBy) == ["edge"])
                #expect(try running.live.receiveToEnd().bytes.isEmpty)
                running.mailbox.close()
            }
        }

        @Test(arguments: [SIGTERM, SIGINT])
        func `a second signal does not wait`(signal: Int32) async throws {
            try await TestHost.run { host in
                let running = try await start(on: host, drain: "10m")
                running.edge.process.send(signal)
                try await running.edge.event(containing: "no longer accepting")
                running.edge.process.send(signal)
                // Long before the ten minutes.
                #expect(try await running.edge.process.exitCode() == 0)
                #expect(running.edge.records.map(\.reason) == ["drained"])
                running.mailbox.close()
            }
        }

        @Test func `signals that mean nothing to the edge are named, and change nothing`() async throws {
            try await TestHost.run { host in
                let running = try await start(on: host, drain: "10m")
                for (signal, name) in [(SIGUSR1, "SIGUSR1"), (SIGUSR2, "SIGUSR2")] {
                    running.edge.process.send(signal)
                    let line = try await running.edge.event(containing: "\(name) is ignored")
                    #expect(line.level == "warning")
                }
                #expect(try running.live.echo("still here"))
                let late = try Echo.connect(to: running.port)
                #expect(try late.echo())
                late.close()
                running.live.close()
                running.edge.process.send(SIGTERM)
                #expect(try await running.edge.process.exitCode() == 0)
                running.mailbox.close()
            }
        }

        @Test func `as the first process of a container it leaves no orphan as a zombie`() async throws {
            try await TestHost.run { host in
                let mailbox = try Echo.mailbox()
                let port = try FreePort.take()
                let ended = host.folder.file("orphan")
                // The shell is the first process of its PID namespace, leaves it an orphan, and becomes the edge.
                let script = "(sh -c 'sleep 1; echo ends > \(ended.path)' &); exec \"$@\""
                let edge = try await EdgeProcess(
                    on: host, ports: [port],
                    under: ["unshare", "--pid", "--fork", "--kill-child", "sh", "-c", script, "sh"],
                    Echo.configuration(listeningOn: "127.0.0.1:\(port)", upstream: "\(mailbox.address)"))
                let children = "/proc/\(edge.process.id)/task/\(edge.process.id)/children"
                let first = try #require(
                    Int(try String(contentsOfFile: children, encoding: .ascii).filter(\.isNumber)))
                try await eventually("the orphan ends") { ended.text.isEmpty ? nil : true }
                try await eventually("the edge asks how it ended") {
                    try String(contentsOfFile: "/proc/\(first)/task/\(first)/children", encoding: .ascii).isEmpty
                        ? true : nil
                }
                let client = try Echo.connect(to: port)
                #expect(try client.echo())
                client.close()
                mailbox.close()
            }
        }

        @Test func `without connections there is nothing to wait for`() async throws {
            try await TestHost.run { host in
                let running = try await start(on: host, drain: "10m")
                running.live.close()
                try await eventually("the connection's record") { running.edge.records.first }
                running.edge.process.send(SIGTERM)
                #expect(try await running.edge.process.exitCode() == 0)
                running.mailbox.close()
            }
        }
    }
}
