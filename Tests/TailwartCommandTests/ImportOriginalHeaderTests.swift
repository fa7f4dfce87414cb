import TailwartTesting
import TailwartWire
import Testing

/// Who may send a PROXY header: made at random, and asked by clients that send one or none.
extension CommandTests.ImportOriginals {
    private static let payload = Array("EHLO a\r\n".utf8)
    private static let signature: [UInt8] = Array("\r\n\r\n\0\r\nQUIT\n".utf8)
    private static let headers: [(name: String, bytes: [UInt8])] = [
        ("nothing", []),
        ("192.0.2.7", Array("PROXY TCP4 192.0.2.7 192.0.2.9 4000 25\r\n".utf8)),
        ("192.0.2.8", signature + [0x21, 0x11, 0, 12, 192, 0, 2, 8, 192, 0, 2, 9, 15, 160, 0, 25]),
        ("198.51.100.7", Array("PROXY TCP4 198.51.100.7 192.0.2.9 4000 25\r\n".utf8)),
        ("2001:db8::7", Array("PROXY TCP6 2001:db8::7 2001:db8::9 4000 25\r\n".utf8)),
        ("unknown", Array("PROXY UNKNOWN\r\n".utf8)), ("local", signature + [0x20, 0, 0, 0]),
    ]
    private static let senders = ["127.0.0.5", "127.0.1.5", "127.0.2.5", "::1"].flatMap { address in
        headers.map { Client(address: address, name: $0.name, bytes: $0.bytes + payload) }
    }
    private static let networks = ["127.0.1.0/24", "127.0.0.0/24", "127.0.2.5", "::1", "10.0.0.0/8", "2001:db9::/32"]
    private static let claimed = ["192.0.2.0/24", "2001:db8::/32", "198.51.100.7", "127.0.2.0/24", "::1"]
    private static let raw = "a header as payload"

    /// Upstreams that say which they are, and whom they take the client for.
    private static func upstream(_ name: String) throws -> FakeMailbox {
        try FakeMailbox { connection, _ in
            var bytes: [UInt8] = []
            while !bytes.suffix(payload.count).elementsEqual(payload) {
                let more = try connection.receive()
                if more.isEmpty { return }
                bytes += more
            }
            var client = "nobody"
            if bytes.starts(with: Array("PROXY ".utf8)), let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
                // nginx mixes families in it: `TCP6 2001:db8::7 127.0.0.1`.
                let words = String(decoding: bytes[...end], as: UTF8.self).split(separator: " ")
                client = words.count > 2 ? "\(words[2])" : "somebody"
                bytes.removeFirst(end + 1)
            } else if case .found(let header) = ProxyHeader.parse(bytes.span) {
                if case .proxied(let named, _) = header.peers { client = "\(named.ip)" }
                bytes.removeFirst(header.length)
            }
            try connection.send(Array("\(name) \(client)\(bytes == payload ? "" : " \(raw)")".utf8))
            while try !connection.receive().isEmpty {}
        }
    }

    @Test func `HAProxy and what is imported of it take a PROXY header from the same clients`() async throws {
        try await TestHost.run { host in
            var random = SeededRandom(seed: UInt64.random(in: 0...UInt64.max))
            let (mail, web) = (try Self.upstream("m"), try Self.upstream("w"))
            let rules = (0..<24).map { number in Self.expecting(number, &random) }
            try await compare(
                rules, seed: random.seed, file: "haproxy.cfg", on: host, clients: Self.senders,
                // A header that HAProxy does not expect goes on as payload; the edge refuses it.
                mayClose: { $1.hasSuffix(Self.raw) },
                whole: { Self.haproxy($0, mail, web, header: "send-proxy-v2") },
                start: { try Self.startHAProxy($0, on: host) })
            for upstream in [mail, web] { upstream.close() }
        }
    }

    private static func some(_ list: [String], _ random: inout SeededRandom) -> String {
        list.shuffled(using: &random).prefix(Int.random(in: 1...3, using: &random)).joined(separator: " ")
    }

    private static func expecting(_ number: Int, _ random: inout SeededRandom) -> Rules {
        let accepts = random.oneIn(4)
        var lines: [String] = []
        for _ in 0..<(accepts ? 0 : Int.random(in: 0...2, using: &random)) {
            let networks = some(Self.networks, &random)
            let condition =
                switch Int.random(in: 0..<8, using: &random) {
                case 0: ""
                case 1: " unless { src \(networks) }"
                case 2: " if !{ src \(networks) }"
                case 3: " if { src \(networks) } { dst_port 9 }"
                default: " if { src \(networks) }"
                }
            lines.append("tcp-request connection expect-proxy layer4\(condition)")
        }
        if random.oneIn(2) {
            let action = random.oneIn(4) ? "accept" : "reject"
            let word = random.oneIn(3) ? "unless" : "if"
            lines.append("tcp-request connection \(action) \(word) { src \(some(Self.networks, &random)) }")
            lines.shuffle(using: &random)
        }
        if random.oneIn(2) {
            let phase = random.oneIn(2) ? "session" : "content"
            let word = random.oneIn(4) ? "unless" : "if"
            lines.append("tcp-request \(phase) reject \(word) { src \(some(claimed, &random)) }")
        }
        if random.oneIn(3) { lines.append("use_backend web if { src \(some(claimed, &random)) }") }
        let text = lines.map { "    \($0)\n" }.joined()
        let word = accepts ? " accept-proxy" : ""
        return { port in
            """
            frontend f\(number)
                bind 127.0.0.1:\(port)\(word)
                bind [::1]:\(port)\(word)
            \(text)    default_backend mail
            """
        }
    }

    @Test func `nginx and what is imported of it take a PROXY header from the same clients`() async throws {
        try await TestHost.run { host in
            var random = SeededRandom(seed: UInt64.random(in: 0...UInt64.max))
            let (mail, web) = (try Self.upstream("m"), try Self.upstream("w"))
            let rules = (0..<24).map { _ in Self.listening(&random) }
            try await compare(
                rules, seed: random.seed, file: "nginx.conf", on: host, clients: Self.senders,
                // nginx reads a header that it does not believe, or passes it on as payload; the edge refuses it.
                mayClose: { client, outcome in
                    client.name != "nothing" && !outcome.hasSuffix(" \(client.name)") || outcome.hasSuffix(Self.raw)
                },
                whole: { Self.nginxFile(mail: mail.address.port, web: web.address.port, $0) },
                start: { try Self.startNginx($0, on: host) })
            for upstream in [mail, web] { upstream.close() }
        }
    }

    private static func listening(_ random: inout SeededRandom) -> Rules {
        let words = [random.oneIn(3) ? "" : " proxy_protocol", random.oneIn(3) ? "" : " proxy_protocol"]
        var lines = networks.shuffled(using: &random).prefix(Int.random(in: 0...3, using: &random)).map {
            "set_real_ip_from \($0);"
        }
        for _ in 0..<Int.random(in: 0...2, using: &random) {
            let network = (networks + claimed).randomElement(using: &random) ?? "all"
            lines.append("\(random.oneIn(2) ? "allow" : "deny") \(network);")
        }
        if random.oneIn(3) { lines.append("deny all;") }
        lines.append("proxy_protocol \(random.oneIn(3) ? "off" : "on");")
        lines.append("proxy_pass \(random.oneIn(2) ? "mail" : "web");")
        let text = lines.joined(separator: " ")
        return { port in
            "server { listen 127.0.0.1:\(port)\(words[0]); listen [::1]:\(port)\(words[1]); \(text) }"
        }
    }
}
