import TailwartTesting
import TailwartWire
import Testing

/// Seeded mutations of valid input. No parser traps; what is decided stays decided when more arrives; records do not
/// matter.
struct MutationTests {
    private static let hellos: [[UInt8]] = [
        ClientHelloBuilder(serverName: "mail.example.org", alpn: ["h2", "http/1.1"]).bytes,
        ClientHelloBuilder(serverName: "mta-sts.example.org", alpn: ["acme-tls/1"]).bytes(recordLengths: 3),
        ClientHelloBuilder(serverName: "a.example").bytes(recordLengths: 1),
        ClientHelloBuilder(serverName: "b.example", paddedLength: 600).bytes(recordLengths: 64),
        ClientHelloBuilder().bytes,
    ]

    private static let headers: [[UInt8]] = [
        Array("PROXY TCP4 192.0.2.1 198.51.100.2 51000 25\r\n".utf8),
        Array("PROXY TCP6 2001:db8::1 ::ffff:192.0.2.1 51000 993\r\n".utf8),
        Array("PROXY UNKNOWN a b c\r\n".utf8),
        ProxyHeaderV2Tests.header(0x21, 0x11, ProxyHeaderV2Tests.v4 + ProxyHeaderV2Tests.tlv(2, [0x61, 0x62])),
        ProxyHeaderV2Tests.header(0x21, 0x21, ProxyHeaderV2Tests.v6 + ProxyHeaderV2Tests.tlv(5, [1, 2, 3])),
        hex("0d0a0d0a000d0a515549540a 21 11 0013 c0000201 c6336402 c738 0019 03 0004 00000000"),
        ProxyHeaderV2Tests.header(0x20, 0x00, []),
    ]

    private static let replies: [[UInt8]] = [
        hex("05 00 00 01 c0000201 0019"), hex("05 00 00 03 02 6162 0019"), [5, 0],
    ]

    @Test(arguments: seeds)
    func `a mutated hello never traps and its answer is stable`(seed: UInt64) {
        run(Self.hellos, count: 20_000, seed: seed, ClientHello.parse)
    }

    @Test(arguments: seeds)
    func `a mutated PROXY header never traps and its answer is stable`(seed: UInt64) {
        run(Self.headers, count: 40_000, seed: seed, ProxyHeader.parse)
    }

    @Test(arguments: seeds)
    func `a mutated SOCKS5 reply never traps and its answer is stable`(seed: UInt64) {
        run(Self.replies, count: 10_000, seed: seed, SOCKS5.parseReply)
        run(Self.replies, count: 10_000, seed: seed, SOCKS5.parseMethod)
    }

    @Test(arguments: seeds)
    func `how records cut a mutated message makes no difference`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let message = ClientHelloBuilder(serverName: "mail.example.org", alpn: ["h2", "http/1.1"]).message
        for _ in 0..<10_000 {
            var changed = message
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                changed[.random(in: 4..<changed.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            let lengths = (0..<4).map { _ in Int.random(in: 1...120, using: &generator) }
            guard
                parseHello(ClientHelloBuilder.records(changed))
                    == parseHello(ClientHelloBuilder.records(changed, lengths: lengths))
            else {
                Issue.record("seed \(seed), records of \(lengths), message \(changed)")
                return
            }
        }
    }

    private func run<Value: Equatable, Failure>(
        _ corpus: [[UInt8]], count: Int, seed: UInt64, _ parse: (Span<UInt8>) -> ParseOutcome<Value, Failure>
    ) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<count {
            let bytes = mutate(corpus, using: &generator)
            let whole = parse(bytes.span)
            let cut = Int.random(in: 0...bytes.count, using: &generator)
            let beginning = parse(bytes.span.extracting(..<cut))
            guard beginning == .needMore || beginning == whole else {
                Issue.record("seed \(seed), cut at \(cut) of \(bytes): \(beginning), then \(whole)")
                return
            }
        }
    }

    private func mutate(_ corpus: [[UInt8]], using generator: inout SeededGenerator) -> [UInt8] {
        var bytes = corpus.randomElement(using: &generator) ?? []
        for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
            let index = Int.random(in: 0..<bytes.count, using: &generator)
            let other = Int.random(in: 0..<bytes.count, using: &generator)
            let range = min(index, other)..<max(index, other)
            switch Int.random(in: 0..<7, using: &generator) {
            case 0: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 1: bytes[index] = .random(in: 0...255, using: &generator)
            case 2: bytes[index] = [0, 1, 0x7f, 0x80, 0xff].randomElement(using: &generator) ?? 0
            case 3: bytes.remove(at: index)
            case 4: bytes.insert(.random(in: 0...255, using: &generator), at: index)
            case 5: bytes.removeSubrange(range)
            default: bytes.insert(contentsOf: Array(bytes[range].prefix(64)), at: index)
            }
        }
        return bytes
    }
}
