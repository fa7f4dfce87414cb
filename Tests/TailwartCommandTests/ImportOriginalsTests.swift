import Foundation
import TailwartTesting
import TailwartWire
import Testing

extension CommandTests {
    /// Configurations that are made at random, run by Debian's HAProxy and nginx, and by the edge that is imported of them, with
    /// the same clients: what is not refused goes where it went.
    @Suite struct ImportOriginals {
        /// Somebody who connects, and what is sent.
        struct Client {
            let address: String
            let name: String
            let bytes: [UInt8]
        }

        private static let addresses = ["127.0.0.5", "127.0.1.5", "127.0.2.5"]
        private static let greetings: [(name: String, bytes: [UInt8])] =
            ["a.example.org", "x.a.example.org", "b.example.org", "c.example.net"].map {
                ($0, ClientHelloBuilder(serverName: $0).bytes)
            } + [("no name", ClientHelloBuilder().bytes), ("plain text", Array("EHLO a\r\n".utf8))]

        private static let clients = addresses.flatMap { address in
            greetings.map { Client(address: address, name: $0.name, bytes: $0.bytes) }
        }

        /// A rule set on one port, written for the program and its port.
        typealias Rules = @Sendable (_ port: UInt16) -> String

        /// Upstreams that say which they are.
        private static func upstream(_ name: String) throws -> FakeMailbox {
            try FakeMailbox { connection, _ in
                try connection.send(Array(name.utf8))
                while try !connection.receive().isEmpty {}
            }
        }

        /// Where a client ends up: what an upstream says, which begins with its letter, or nil where it is closed.
        private static func outcome(_ port: UInt16, of client: Client) -> String? {
            guard let ip = IPAddress(client.address) else { return nil }
            let edge = InternetAddress(ip.isV4 ? .loopbackV4 : .loopbackV6, port: port)
            // A reset may come before connect(2) has returned.
            guard let socket = try? TestSocket.connect(to: edge, from: ip) else { return nil }
            defer { socket.close() }
            try? socket.send(client.bytes)
            let answer = String(decoding: (try? socket.receive()) ?? [], as: UTF8.self)
            return ["m", "w"].contains(answer.first) ? answer : nil
        }

        /// Runs both and compares them.
        ///
        /// - Parameters:
        ///   - clients: who connects to each port.
        ///   - mayClose: whether the edge may close a client that the original serves with an outcome.
        ///   - whole: the whole file of some rule sets, and the ports that it is to listen on.
        ///   - start: starts the original with a file.
        func compare(
            _ rules: [Rules], seed: UInt64, file: String, on host: TestHost, clients: [Client] = Self.clients,
            mayClose: (_ client: Client, _ outcome: String) -> Bool = { _, _ in false },
            whole: (_ rules: [String]) -> String, start: (_ text: String) throws -> ChildProcess
        ) async throws {
            let ports = try rules.map { _ in (original: try FreePort.take(), edge: try FreePort.take()) }
            let original = try start(whole(zip(rules, ports).map { $0($1.original) }))
            try await ListeningPorts.wait(for: ports.map(\.original), of: original)
            let text = whole(zip(rules, ports).map { $0($1.edge) })
            try host.folder.file(file).write(text)
            let answer = try await Answer.tailwart(["import", "--partial", file], on: host)
            let imported = ports.filter { answer.output.contains(":\($0.edge)") }
            print("seed \(seed): \(imported.count) of \(rules.count) rule sets of \(file) are imported")
            #expect(imported.count * 4 >= rules.count, "seed \(seed): most are refused\n\(answer.errors)")
            _ = try await EdgeProcess(on: host, ports: imported.map(\.edge), answer.output)
            for (ports, rules) in zip(ports, rules) where imported.contains(where: { $0.edge == ports.edge }) {
                for client in clients {
                    let expected = Self.outcome(ports.original, of: client)
                    let found = Self.outcome(ports.edge, of: client)
                    if found == nil, let expected, mayClose(client, expected) { continue }
                    #expect(
                        found == expected,
                        "seed \(seed), from \(client.address) with \(client.name)\n\(rules(ports.edge))\n\(answer.output)"
                    )
                }
            }
        }

        @Test func `HAProxy and what is imported of it do the same`() async throws {
            try await TestHost.run { host in
                var random = SeededRandom(seed: UInt64.random(in: 0...UInt64.max))
                let (mail, web) = (try Self.upstream("m"), try Self.upstream("w"))
                let rules = (0..<24).map { number in Self.haproxy(number, &random) }
                try await compare(
                    rules, seed: random.seed, file: "haproxy.cfg", on: host,
                    whole: { Self.haproxy($0, mail, web, header: "") }, start: { try Self.startHAProxy($0, on: host) })
                for upstream in [mail, web] { upstream.close() }
            }
        }

        /// - Parameter header: what a server gets with each connection.
        static func haproxy(_ rules: [String], _ mail: FakeMailbox, _ web: FakeMailbox, header: String) -> String {
            """
            defaults
                mode tcp
                timeout connect 5s
                timeout client 50s
                timeout server 50s
            \(rules.joined(separator: "\n"))
            backend mail
                server m 127.0.0.1:\(mail.address.port) \(header)
            backend web
                server w 127.0.0.1:\(web.address.port) \(header)

            """
        }

        static func startHAProxy(_ text: String, on host: TestHost) throws -> ChildProcess {
            try host.folder.file("original.cfg").write(text)
            return try host.start(
                "haproxy", try Program("haproxy", package: "haproxy"),
                ["-db", "-f", host.folder.file("original.cfg").path])
        }

        private static func haproxy(_ number: Int, _ random: inout SeededRandom) -> Rules {
            let ofClients = [
                "src 127.0.1.0/24", "src 127.0.0.0/24 127.0.2.0/24", "src,ipmask(24) 127.0.1.0", "src_port lt 9",
            ]
            let ofHellos = [
                "req.ssl_sni a.example.org", "req.ssl_sni -i A.example.org b.example.org", "req.ssl_hello_type 1",
                "req.ssl_sni -m end .a.example.org", "req.ssl_sni -m reg ^[ab]\\\\.example\\\\.org$",
                "req.ssl_sni -m found", "req.ssl_sni,lower,field(2,.) example", "req.ssl_ver gt 3.2", "req.len gt 9",
            ]
            func condition(_ atoms: [String]) -> String {
                let terms = (0..<Int.random(in: 1...2, using: &random)).map { _ in
                    (random.oneIn(3) ? "!" : "") + "{ \(atoms.randomElement(using: &random) ?? "") }"
                }
                return (random.oneIn(4) ? "unless " : "if ") + terms.joined(separator: random.oneIn(2) ? " or " : " ")
            }
            // What is known of clients only is drawn often enough for some rule sets to be imported.
            let usual = Array(ofClients.prefix(2) + ofHellos.prefix(2))
            var lines: [String] = []
            for _ in 0..<Int.random(in: 0...2, using: &random) {
                let action = random.oneIn(3) ? "accept" : "reject"
                lines.append(
                    random.oneIn(2)
                        ? "tcp-request connection \(action) \(condition(Array(ofClients.prefix(random.oneIn(4) ? 4 : 2))))"
                        : "tcp-request content \(action) \(condition(random.oneIn(3) ? ofClients + ofHellos : usual))")
            }
            for _ in 0..<Int.random(in: 0...2, using: &random) {
                lines.append(
                    "use_backend \(random.oneIn(2) ? "mail" : "web") "
                        + condition(random.oneIn(3) ? ofClients + ofHellos : usual))
            }
            if !random.oneIn(4) { lines.append("default_backend \(random.oneIn(2) ? "mail" : "web")") }
            let text = lines.map { "    \($0)\n" }.joined()
            return { port in
                // The first rule makes it wait for the hello, whatever the others ask for.
                """
                frontend f\(number)
                    bind 127.0.0.1:\(port)
                    tcp-request inspect-delay 3s
                    tcp-request content reject if { req.ssl_sni waits.example.org }
                \(text)
                """
            }
        }

        @Test func `nginx and what is imported of it do the same`() async throws {
            try await TestHost.run { host in
                var random = SeededRandom(seed: UInt64.random(in: 0...UInt64.max))
                let (mail, web) = (try Self.upstream("m"), try Self.upstream("w"))
                let targets = ["mail", "web", "\"\"", "127.0.0.1:\(mail.address.port)"]
                let rules = (0..<24).map { number in Self.nginx(number, targets, &random) }
                try await compare(
                    rules, seed: random.seed, file: "nginx.conf", on: host,
                    whole: { Self.nginxFile(mail: mail.address.port, web: web.address.port, $0) },
                    start: { try Self.startNginx($0, on: host) })
                for upstream in [mail, web] { upstream.close() }
            }
        }

        static func nginxFile(mail: UInt16, web: UInt16, _ servers: [String]) -> String {
            """
            stream {
                upstream mail { server 127.0.0.1:\(mail); }
                upstream web { server 127.0.0.1:\(web); }
            \(servers.joined(separator: "\n"))
            }

            """
        }

        static func startNginx(_ text: String, on host: TestHost) throws -> ChildProcess {
            let state = try host.folder.makeFolder("nginx")
            let head =
                "daemon off; pid \(state)/nginx.pid; load_module /usr/lib/nginx/modules/ngx_stream_module.so;\n"
                + "events {}\n"
            try host.folder.file("original.conf").write(head + text)
            return try host.start(
                "nginx", try Program("nginx", package: "libnginx-mod-stream"),
                ["-c", host.folder.file("original.conf").path, "-e", "\(state)/error.log"])
        }

        private static func nginx(_ number: Int, _ targets: [String], _ random: inout SeededRandom) -> Rules {
            var access: [String] = []
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                let network = ["127.0.1.0/24", "127.0.0.0/16", "127.0.2.5", "all"].randomElement(using: &random) ?? ""
                access.append("\(random.oneIn(2) ? "allow" : "deny") \(network);")
            }
            let keys = [
                "a.example.org", "b.example.org", "*.a.example.org", ".a.example.org", "~^[ab]\\.example\\.org$",
                "~example",
                "default", "x.a.example.org",
            ]
            let used = keys.shuffled(using: &random).prefix(Int.random(in: 1...4, using: &random))
                .filter { $0 != ".a.example.org" || random.oneIn(2) }
            // One key twice is an error.
            let keysOnce = used.contains("*.a.example.org") ? used.filter { $0 != ".a.example.org" } : used
            let entries = keysOnce.filter { $0 != "a.example.org" || !keysOnce.contains(".a.example.org") }
                .map { "\($0) \(targets.randomElement(using: &random) ?? "");" }
            let clients = access.joined(separator: " ")
            let isPlain = random.oneIn(4)
            return { port in
                """
                map $ssl_preread_server_name $to\(number) { hostnames; \(entries.joined(separator: " ")) }
                server {
                    listen 127.0.0.1:\(port);
                    \(clients)
                    \(isPlain ? "proxy_pass mail;" : "ssl_preread on; proxy_pass $to\(number);")
                }
                """
            }
        }
    }
}
