import Foundation
import Glibc
import TailwartTesting
import TailwartWire
import Testing

extension CommandTests {
    /// Commands that ask a running edge, and give it orders.
    @Suite struct AdminCommands {
        private struct Running {
            let mailbox: FakeMailbox
            let port: UInt16
            let edge: EdgeProcess
            let socket: String
        }

        /// An edge in front of a mailbox that answers.
        private func start(on host: TestHost, _ rest: String = "") async throws -> Running {
            let mailbox = try Echo.mailbox()
            let port = try FreePort.take()
            let socket = host.folder.file("admin.sock").path
            let edge = try await EdgeProcess(
                on: host, ports: [port],
                Echo.configuration(
                    listeningOn: "127.0.0.1:\(port)", upstream: "\(mailbox.address)",
                    rest: "admin: {socket: \(socket)}\ntailscale: off\n\(rest)"))
            return Running(mailbox: mailbox, port: port, edge: edge, socket: socket)
        }

        private func tailwart(_ words: String, on host: TestHost, environment: [String] = []) async throws -> Answer {
            try await Answer.tailwart(
                words.split(separator: " ").map(String.init), on: host, environment: environment)
        }

        private func json(_ answer: Answer) throws -> JSON { try JSONReader.read(Array(answer.output.utf8).span) }

        @Test func `an edge that serves is shown, and all is good`() async throws {
            try await TestHost.run { host in
                let running = try await start(on: host)
                let client = try Echo.connect(to: running.port)
                #expect(try client.echo())
                let answer = try await tailwart("status", on: host)
                #expect(answer.exitCode == 0, "\(answer)")
                #expect(answer.output.contains("serving, up for"))
                #expect(answer.output.contains(#/smtp +smtp +127\.0\.0\.1:\d+ +1 +\d+ +0/#), "\(answer.output)")
                #expect(answer.output.contains(#/mailbox +127\.0\.0\.1:\d+ +smtp +unknown/#), "\(answer.output)")
                client.close()
                running.mailbox.close()
            }
        }

        @Test func `a mailbox that fails comes first, with cause and fix`() async throws {
            try await TestHost.run { host in
                let port = try FreePort.take()
                _ = try await EdgeProcess(
                    on: host, ports: [port],
                    """
                    admin: {socket: \(host.folder.path)/admin.sock}
                    tailscale: off
                    upstreams: {mailbox: {endpoints: ["127.0.0.1:2"], health: {interval: 1s, timeout: 1s}}}
                    listeners: [{name: smtp, bind: ["127.0.0.1:\(port)"], protocol: smtp, to: mailbox}]
                    """)
                let answer = try await untilAnswered("the verdict") {
                    let answer = try await tailwart("status", on: host)
                    return answer.exitCode == 1 ? answer : nil
                }
                let lines = answer.outputLines
                #expect(lines[1].hasPrefix("✗ mailbox 127.0.0.1:2 (smtp): "), "\(answer.output)")
                #expect(lines[1].contains("nothing listens on this port"))
                #expect(lines[2].hasPrefix("  → Enable the port in the mail server"))
                let script = try json(try await tailwart("status --json", on: host))
                #expect(script["ok"]?.flag == false)
                #expect(script["places"]?.list?.first?["verdicts"]?.list?.first?["verdict"]?.text == "refused")
            }
        }

        @Test func `a connection is listed, and closed by its id`() async throws {
            try await TestHost.run { host in
                let running = try await start(on: host)
                let one = try Echo.connect(to: running.port, from: IPAddress("127.0.0.2"))
                let other = try Echo.connect(to: running.port, from: IPAddress("127.0.0.3"))
                #expect(try one.echo() && other.echo("much more"))
                let all = try json(try await tailwart("connections --json --sort bytes", on: host))
                #expect(all["matching"]?.integer == 2)
                let shown = try #require(all["connections"]?.list?.first)
                #expect(shown["client"]?.text?.hasPrefix("127.0.0.3:") ?? false && shown["bytes_in"]?.integer == 9)
                let text = try await tailwart("connections --client 127.0.0.2/32 --listener smtp", on: host)
                #expect(text.outputLines.count == 2 && text.output.contains("127.0.0.2:"), "\(text)")

                let id = try #require(shown["id"]?.text)
                let closed = try await tailwart("connections close \(id)", on: host)
                #expect(closed.exitCode == 0 && closed.output == "connection \(id) is closed\n", "\(closed)")
                #expect(try other.receiveToEnd().bytes.isEmpty)
                let record = try await running.edge.record(of: "127.0.0.3")
                #expect(record.reason == "closed_by_operator" && record.endedBy == "edge")
                #expect(try one.echo("still here"))
                let again = try await tailwart("connections close \(id)", on: host)
                #expect(again.exitCode == 1 && again.errors.contains("there is no connection \(id)"))
                one.close()
                running.mailbox.close()
            }
        }

        @Test func `a drain takes nobody new, lets the others finish, and happens once`() async throws {
            try await TestHost.run { host in
                let running = try await start(on: host)
                let client = try Echo.connect(to: running.port)
                #expect(try client.echo())
                let answer = try await tailwart("drain --for 10m", on: host)
                #expect(answer.exitCode == 0 && answer.output.contains("within 10m"), "\(answer)")
                try await running.edge.event(
                    containing: "tailwart drain: no longer accepting; 1 connection may finish within 10m")
                #expect(try await tailwart("status", on: host).output.contains("draining, up for"))
                let again = try await tailwart("drain", on: host)
                #expect(again.exitCode == 1 && again.errors.contains("drains already"))
                #expect(try client.echo("still here"))
                client.finish()
                #expect(try await running.edge.process.exitCode() == 0)
                #expect(!FileManager.default.fileExists(atPath: running.socket))
                running.mailbox.close()
            }
        }

        @Test func `a ban that is kept in memory alone holds in the process that takes over`() async throws {
            try await TestHost.run { host in
                let (mailbox, port) = (try Echo.mailbox(), try FreePort.take())
                let socket = "\(host.folder.path)/admin.sock"
                let configuration = """
                    workers: 1
                    tailscale: off
                    admin: {socket: \(socket)}
                    bans: {file: off}
                    upstreams: {mailbox: {endpoints: ["\(mailbox.address)"], proxy_protocol: none, health: off}}
                    listeners:
                      - {name: smtp, bind: ["127.0.0.1:\(port)"], protocol: smtp, to: mailbox, proxy_protocol_in: {trusted: [127.0.0.1]}}
                    """
                /// What a client at this address is answered.
                func visit(_ client: String) throws -> String {
                    let connection = try Echo.connect(to: port)
                    defer { connection.close() }
                    try connection.send(Array("PROXY TCP4 \(client) 192.0.2.1 4000 25\r\nEHLO a\r\n".utf8))
                    let answer = try connection.receive()
                    return String(decoding: answer.prefix(4), as: UTF8.self)
                }

                let first = try await EdgeProcess(on: host, ports: [port], configuration)
                _ = try await tailwart("ban add 203.0.113.7 --for 1h --reason noise", on: host)
                #expect(try visit("203.0.113.7") == "421 ")
                let second = try host.start(
                    "successor", Program.edge(),
                    ["run", "--takeover", "--config", host.folder.file("tailwart.yaml").path])
                #expect(try await first.process.exitCode() == 0)
                try await untilAnswered("the successor answers") {
                    let answer = try await tailwart("ban why 203.0.113.7 --json", on: host)
                    guard answer.exitCode != 3 else { return nil as Bool? }
                    let why = try json(answer)
                    return why["banned"]?.flag == true && why["bans"]?.list?.first?["reason"]?.text == "noise"
                        ? true : nil
                }
                #expect(second.isRunning)
                #expect(try visit("203.0.113.7") == "421 ")
                #expect(try visit("203.0.113.8") == "EHLO")
                mailbox.close()
            }
        }

        @Test func `a ban is told of, has its reasons, and outlives the edge`() async throws {
            try await TestHost.run { host in
                let rest = "bans: {file: \(host.folder.path)/bans, never: [198.51.100.0/24]}"
                let first = try await start(on: host, rest)
                let added = try await tailwart("ban add 203.0.113.7 --for 1h --reason noise", on: host)
                #expect(
                    added.exitCode == 0 && added.output.contains("203.0.113.7 is banned by an operator until"),
                    "\(added)")
                let never = try await tailwart("ban add 198.51.100.7", on: host)
                #expect(
                    never.exitCode == 0
                        && never.errors.contains("this has no effect: 198.51.100.0/24 is in 'bans.never'"))
                let wide = try await tailwart("ban add 0.0.0.0/0", on: host)
                #expect(wide.exitCode == 3 && wide.errors.contains("more likely a mistake"))
                try await first.edge.event(containing: "203.0.113.7 is banned by an operator")
                let list = try await tailwart("ban list", on: host)
                #expect(list.outputLines.count == 3 && list.output.contains("noise"), "\(list)")
                first.edge.process.send(SIGTERM)
                #expect(try await first.edge.process.exitCode() == 0)
                first.mailbox.close()

                let second = try await start(on: host, rest)
                let why = try json(try await tailwart("ban why 203.0.113.7 --json", on: host))
                #expect(why["banned"]?.flag == true && why["bans"]?.list?.first?["reason"]?.text == "noise", "\(why)")
                let removed = try await tailwart("ban remove 203.0.113.7", on: host)
                #expect(removed.output == "203.0.113.7 is no longer banned by an operator\n", "\(removed)")
                let again = try await tailwart("ban remove 203.0.113.7", on: host)
                #expect(again.exitCode == 0 && again.errors == "203.0.113.7 is not banned\n", "\(again)")
                for words in [
                    "ban add", "ban list 203.0.113.7", "ban why 203.0.113.0/24", "ban add 203.0.113.7 --for 31d",
                    "ban remove 1.2.3.4 --for 1h",
                ] {
                    #expect(try await tailwart(words, on: host).exitCode == 2, "\(words)")
                }
                second.mailbox.close()
            }
        }

        @Test func `the log says less, and more again`() async throws {
            try await TestHost.run { host in
                let running = try await start(on: host)
                func connect(from address: String) throws {
                    let client = try Echo.connect(to: running.port, from: IPAddress(address))
                    #expect(try client.echo())
                    client.close()
                }
                #expect(try await tailwart("log-level warning", on: host).exitCode == 0)
                try connect(from: "127.0.0.2")
                // Its record is taken from the ledger before the level changes back.
                try await untilAnswered("it is over") {
                    let status = try json(try await tailwart("status --json", on: host))
                    return status["endings"]?.list?.first?["count"]?.integer == 1 ? true : nil
                }
                #expect(try await tailwart("log-level info", on: host).exitCode == 0)
                try connect(from: "127.0.0.3")
                _ = try await running.edge.record(of: "127.0.0.3")
                #expect(!running.edge.records.contains { $0.client.hasPrefix("127.0.0.2:") })
                #expect(try await tailwart("log-level loud", on: host).exitCode == 2)
                running.mailbox.close()
            }
        }

        @Test func `a changed file is looked at, served, or refused with its problems`() async throws {
            try await TestHost.run { host in
                let running = try await start(on: host)
                let file = host.folder.file("tailwart.yaml")
                let before = file.text
                try file.write("drain: 7s\n" + before)
                let trial = try await tailwart("reload --dry-run", on: host)
                #expect(trial.exitCode == 0 && trial.output == "drain: 30s → 7s\n", "\(trial)")
                let done = try await tailwart("reload", on: host)
                #expect(done.exitCode == 0 && done.output == trial.output)
                #expect(try await tailwart("reload", on: host).output == "nothing has changed\n")
                try file.write("drain: soon\n" + before)
                let bad = try await tailwart("reload --socket \(running.socket)", on: host)
                #expect(bad.exitCode == 1 && bad.errors.contains("'drain' must be a duration"), "\(bad)")
                let client = try Echo.connect(to: running.port)
                #expect(try client.echo())
                client.close()
                running.mailbox.close()
            }
        }

        @Test func `the socket is found by option, variable and file, in this order`() async throws {
            try await TestHost.run { host in
                let running = try await start(on: host)
                try host.folder.file("off.yaml").write(
                    "admin: {socket: off}\nmailbox: {address: mail.example.net}\n")
                try host.folder.file("bad.yaml").write("mailbx: {}\n")
                let variable = "TAILWART_ADMIN_SOCKET=\(running.socket)"
                let none = "\(host.folder.path)/none.sock"
                #expect(try await tailwart("status --config off.yaml", on: host, environment: [variable]).exitCode == 0)
                let first = try await tailwart("status --socket \(none)", on: host, environment: [variable])
                #expect(first.exitCode == 3 && first.errors.contains("No edge answers at \(none)"))
                let off = try await tailwart("status --config off.yaml", on: host)
                #expect(off.exitCode == 3 && off.errors.contains("'admin.socket' is off"), "\(off)")
                running.mailbox.close()
            }
        }

        @Test func `why no edge answers is told apart`() async throws {
            try await TestHost.run { host in
                let running = try await start(on: host)
                // Where a stranger could come if the file let them.
                chmod(host.folder.path, 0o755)
                let stranger = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
                let denied = try await Answer.tailwart(
                    ["status", "--socket", running.socket], on: host, under: stranger)
                #expect(denied.exitCode == 3 && denied.errors.contains("join the group"), "\(denied)")
                chmod(running.socket, 0o666)
                let mayAsk = try await Answer.tailwart(
                    ["status", "--socket", running.socket], on: host, under: stranger)
                #expect(mayAsk.exitCode == 0, "\(mayAsk)")
                let order = try await Answer.tailwart(
                    ["drain", "--socket", running.socket], on: host, under: stranger)
                #expect(order.exitCode == 3 && order.errors.contains("orders are for root"), "\(order)")

                running.edge.process.send(SIGKILL)
                #expect(try await running.edge.process.exitCode() == 128 + SIGKILL)
                let gone = try await tailwart("status", on: host)
                #expect(gone.exitCode == 3 && gone.errors.contains("is gone"), "\(gone)")
                running.mailbox.close()
            }
        }

        @Test func `a second edge does not take the socket of the first, and the next takes one that was left behind`()
            async throws
        {
            try await TestHost.run { host in
                let running = try await start(on: host)
                let port = try FreePort.take()
                let other = Echo.configuration(
                    listeningOn: "127.0.0.1:\(port)", upstream: "127.0.0.1:2",
                    rest: "admin: {socket: \(running.socket)}")
                try host.folder.file("other.yaml").write(other)
                let second = try await tailwart("run --config other.yaml", on: host)
                #expect(second.exitCode == 3 && second.errors.contains("another process listens there"), "\(second)")
                #expect(try await tailwart("status", on: host).exitCode == 0, "the first still answers")

                running.edge.process.send(SIGKILL)
                #expect(try await running.edge.process.exitCode() == 128 + SIGKILL)
                let third = try await EdgeProcess(on: host, ports: [port], other)
                #expect(try await tailwart("status", on: host).exitCode == 0)
                third.process.send(SIGTERM)
                #expect(try await third.process.exitCode() == 0)
                running.mailbox.close()
            }
        }

        @Test(arguments: [
            ("mount -t tmpfs none /run", true), ("mount -t tmpfs -o ro none /run", false),
            ("mount -t tmpfs none /run; mkdir /run/tailwart; echo x > /run/tailwart/admin.sock", false),
        ])
        func `the usual socket is had where it can be, and else mail is served all the same`(
            before: String, isThere: Bool
        ) async throws {
            try await TestHost.run { host in
                let mailbox = try Echo.mailbox()
                let port = try FreePort.take()
                let edge = try await EdgeProcess(
                    on: host, ports: [port],
                    under: ["unshare", "--mount", "sh", "-ec", "\(before); exec \"$@\"", "sh"],
                    // Not off, as it would be.
                    Echo.configuration(
                        listeningOn: "127.0.0.1:\(port)", upstream: "\(mailbox.address)", rest: "admin: {public: false}"
                    ))
                let client = try Echo.connect(to: port)
                #expect(try client.echo())
                client.close()
                let socket = "/proc/\(edge.process.id)/root/run/tailwart/admin.sock"
                if isThere {
                    let answer = try await tailwart("status --socket \(socket)", on: host)
                    #expect(answer.exitCode == 0, "\(answer)")
                } else {
                    let note = try await edge.event(
                        containing: "the admin interface at /run/tailwart/admin.sock cannot be used")
                    #expect(note.level == "info")
                }
                mailbox.close()
            }
        }

        @Test func `mail is served while callers of the interface mean no good`() async throws {
            try await TestHost.run { host in
                let running = try await start(on: host)
                var callers: [TestSocket] = []
                for number in 0..<300 {
                    guard let caller = try? TestSocket.connect(unixPath: running.socket) else { continue }
                    let words = [
                        "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET / HTTP/1.1\r\nX: ", "\u{16}\u{3}\u{1}",
                    ]
                    try? caller.send(Array(words[number % 3].utf8))
                    callers.append(caller)
                    if callers.count > 50 { callers.removeFirst().close() }
                }
                for _ in 0..<20 {
                    let client = try Echo.connect(to: running.port)
                    #expect(try client.echo())
                    client.close()
                }
                for caller in callers { caller.close() }
                _ = try await untilAnswered("the interface answers again") {
                    try await tailwart("status", on: host).exitCode == 0 ? true : nil
                }
                running.mailbox.close()
            }
        }

        /// Of all that a process has started, and what that has.
        private static func threadsAndDescriptors(below process: Int32) throws -> Int {
            let children = try String(contentsOfFile: "/proc/\(process)/task/\(process)/children", encoding: .ascii)
            return try children.split(separator: " ").compactMap { Int32($0) }.reduce(0) { sum, child in
                let own = try ["task", "fd"].map { folder in
                    try FileManager.default.contentsOfDirectory(atPath: "/proc/\(child)/\(folder)").count
                }
                return try sum + own.reduce(0, +) + threadsAndDescriptors(below: child)
            }
        }

        @Test func `the live view takes the terminal, and gives it back`() async throws {
            try await TestHost.run { host in
                let running = try await start(on: host)
                let input = Pipe()
                let command = "\(try Program.edge().path) status --watch --socket \(running.socket)"
                let process = try host.start(
                    "watch", try Program("script", package: "bsdutils"),
                    ["--quiet", "--return", "--flush", "--command", command, "/dev/null"], input: input)
                let shown = { process.output.text.components(separatedBy: "connections/s").count - 1 }
                try await eventually("it is shown") { shown() > 0 ? true : nil }
                // It asks anew for each picture, for as long as somebody looks.
                let before = try Self.threadsAndDescriptors(below: process.id)
                let pictures = shown()
                try await eventually("it is shown anew") { shown() > pictures + 4 ? true : nil }
                let after = try Self.threadsAndDescriptors(below: process.id)
                #expect(before > 0 && after <= before + 2, "\(before) threads and descriptors, then \(after)")
                #expect(process.output.text.contains("\u{1b}[?1049h"))
                try input.fileHandleForWriting.write(contentsOf: Data("q".utf8))
                #expect(try await process.exitCode() == 0)
                #expect(process.output.text.hasSuffix("\u{1b}[?25h\u{1b}[?1049l"))
                let piped = try await tailwart("status --watch", on: host)
                #expect(piped.exitCode == 3 && piped.errors.contains("needs a terminal"))
                running.mailbox.close()
            }
        }
    }
}
