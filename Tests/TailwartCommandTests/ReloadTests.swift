import Foundation
import Glibc
import TailwartSystem
import TailwartTesting
import TailwartWire
import Testing

extension CommandTests {
    /// The file is changed and the real program told so.
    @Suite struct Reload {
        private static func configuration(
            _ listeners: [String: UInt16], _ mailbox: FakeMailbox, admin: String = "off"
        ) -> String {
            """
            workers: 1
            upstreams:
              mailbox: {endpoints: ["\(mailbox.address)"], proxy_protocol: none, health: off}
            listeners:
            \(listeners.sorted { $0.key < $1.key }.map { "  - {name: \($0.key), bind: [\"127.0.0.1:\($0.value)\"], protocol: smtp, to: mailbox}" }.joined(separator: "\n"))
            admin: {socket: \(admin)}
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
                let failure = try await edge.event(containing: "reload failed")
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
                try await edge.event(containing: "reload failed, nothing has changed: error: the edge is draining")
                for client in [live, added] { client.close() }
                #expect(try await edge.process.exitCode() == 0)
                #expect(edge.records.map(\.reason) == ["closed", "closed"])
                mailbox.close()
            }
        }

        /// Scraped as Prometheus does it.
        private static func metrics(_ socket: String) throws -> Exposition {
            let client = try TestSocket.connect(unixPath: socket)
            defer { client.close() }
            try client.send(Array("GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8))
            let answer = String(decoding: try client.receiveToEnd().bytes, as: UTF8.self)
            let end = try #require(answer.firstRange(of: "\r\n\r\n"), "\(answer)")
            return try Exposition(String(answer[end.upperBound...]), openMetrics: false)
        }

        /// All that only ever grows in one process.
        private static func counts(_ page: Exposition) -> [String: Double] {
            let counting = page.families.filter { ["counter", "histogram"].contains($0.type) }
            return Dictionary(
                uniqueKeysWithValues: counting.flatMap(\.samples).map { sample in
                    ("\(sample.name) \(sample.labels.sorted { $0.key < $1.key })", sample.value)
                })
        }

        @Test func `no counter goes back over a reload, of listeners that stay, go and come back`() async throws {
            try await TestHost.run { host in
                let mailbox = try Echo.mailbox()
                let ports = (try FreePort.take(), try FreePort.take(), try FreePort.take())
                let socket = host.folder.file("admin.sock").path
                let file = host.folder.file("tailwart.yaml")
                let (first, second) = (["kept": ports.0, "gone": ports.1], ["kept": ports.0, "added": ports.2])
                let edge = try await EdgeProcess(
                    on: host, ports: [ports.0, ports.1],
                    Self.configuration(first, mailbox, admin: socket).replacing("log: {format: json}", with: ""))
                func serve(_ listeners: [String: UInt16]) throws {
                    for port in listeners.values {
                        let client = try Echo.connect(to: port)
                        #expect(try client.echo())
                        client.close()
                    }
                }
                func ended(_ listener: String, _ page: Exposition) -> Double {
                    page.value("tailwart_connections_total", ["listener": listener, "reason": "closed"]) ?? 0
                }
                /// The page when so many connections have been counted.
                func scrape(_ connections: Double) async throws -> Exposition {
                    try await eventually("\(connections) connections are counted") {
                        let page = try Self.metrics(socket)
                        let all = ["kept", "gone", "added"].reduce(0) { $0 + ended($1, page) }
                        return all == connections ? page : nil
                    }
                }
                try serve(first)
                var page = try await scrape(2)
                var before = Self.counts(page)
                #expect(before.count > 20)
                func check(_ page: Exposition) {
                    let now = Self.counts(page)
                    for (series, value) in before { #expect((now[series] ?? 0) >= value, "\(series)") }
                    before = now
                }
                for (number, listeners) in [second, first, second].enumerated() {
                    try file.write(Self.configuration(listeners, mailbox, admin: socket))
                    edge.process.send(SIGHUP)
                    page = try await eventually("the reload is counted") {
                        let page = try Self.metrics(socket)
                        let reloads = page.value("tailwart_reloads_total", ["result": "ok"])
                        return reloads == Double(number + 1) ? page : nil
                    }
                    check(page)
                    try serve(listeners)
                    page = try await scrape(Double(2 * number + 4))
                    check(page)
                }
                #expect(ended("kept", page) == 4)
                #expect(ended("gone", page) == 2)
                #expect(ended("added", page) == 2)
                edge.process.send(SIGTERM)
                #expect(try await edge.process.exitCode() == 0)
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
