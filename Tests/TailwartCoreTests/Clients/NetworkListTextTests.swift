import Foundation
import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

@Suite(.ownThreads) struct NetworkListTextTests {
    private static func read(_ text: String) -> (networks: [String], reading: NetworkListReading) {
        let reading = NetworkListText.parse(Array(text.utf8).span)
        var networks: [String] = []
        reading.networks.forEach { networks.append("\($0)") }
        return (networks, reading)
    }

    @Test(arguments: [
        ("192.0.2.0/24\n198.51.100.7\n2001:db8::/32\n::1", ["192.0.2.0/24", "198.51.100.7", "2001:db8::/32", "::1"]),
        ("; Spamhaus DROP List\n192.0.2.0/24 ; SBL1\n198.51.100.0/24;SBL2", ["192.0.2.0/24", "198.51.100.0/24"]),
        ("#\n# firehol_level1\n#\n192.0.2.0/24\n", ["192.0.2.0/24"]),
        ("192.0.2.0/24 # a comment\n\t198.51.100.7\t#\n", ["192.0.2.0/24", "198.51.100.7"]),
        ("192.0.2.0/24\r\n\r\n198.51.100.7\r\n", ["192.0.2.0/24", "198.51.100.7"]),
        ("\u{feff}192.0.2.0/24\n", ["192.0.2.0/24"]), ("", []), ("\n \n\t\n;\n#\n", []),
        ("0.0.0.0/0\n::/0", ["0.0.0.0/0", "::/0"]),
        ("::ffff:192.0.2.0/120\n::ffff:192.0.2.7", ["192.0.2.0/24", "192.0.2.7"]), ("192.0.2.0/024", ["192.0.2.0/24"]),
    ])
    func `networks are read, and comments and blank lines passed over`(text: String, networks: [String]) {
        let (found, reading) = Self.read(text)
        #expect(found == networks)
        #expect(reading.networks.count == networks.count)
        #expect(reading.problems.isEmpty)
    }

    @Test(arguments: [
        "example.org", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/-1", "192.0.2.0/2x", "192.0.2/24",
        "192.0.2.1 192.0.2.9",
        "192.0.2.1-192.0.2.9", "192.0.2.1,", "/24", "2001:db8::/129", "2001:db8::/1000", "192.0.2.0/255.255.255.0",
        "<html>",
        "192.0.2.1 24", "192.0.2.0/24/24", "192.0.2.0/99999999999999999999",
    ])
    func `a line that is no network is skipped and said, and the others hold`(line: String) {
        let (found, reading) = Self.read("192.0.2.0/24\n\(line) # why\n198.51.100.7\n")
        #expect(found == ["192.0.2.0/24", "198.51.100.7"])
        #expect(reading.skipped == 1)
        #expect(reading.faults.map(\.line) == [2])
        #expect(reading.problems == ["line 2 is not a network: '\(line)'"])
    }

    @Test func `of many bad lines the first are told, and how many more`() {
        let (found, reading) = Self.read((1...10).map { "bad\($0)\n" }.joined() + String(repeating: "x", count: 1000))
        #expect(found.isEmpty)
        #expect(reading.skipped == 11)
        #expect(
            reading.problems == [
                "line 1 is not a network: 'bad1'", "line 2 is not a network: 'bad2'", "line 3 is not a network: 'bad3'",
                "8 more lines are not networks",
            ])
    }

    @Test func `bits behind the prefix count as zeros, and are counted`() {
        let (found, reading) = Self.read("192.0.2.7/24\n2001:db8::1/32\n198.51.100.0/24\n")
        #expect(found == ["192.0.2.0/24", "198.51.100.0/24", "2001:db8::/32"])
        #expect(reading.masked == 2)
        #expect(reading.problems == ["2 have bits behind their prefix, which count as zeros"])
    }

    @Test func `of a list that is too long the rest is left out and said`() {
        let line = Array("192.0.2.1\n".utf8)
        var text: [UInt8] = []
        text.reserveCapacity((NetworkListText.networkLimit + 3) * line.count)
        for _ in 0..<(NetworkListText.networkLimit + 3) { text += line }
        let reading = NetworkListText.parse(text.span)
        #expect(reading.networks.count == NetworkListText.networkLimit)
        #expect(reading.leftOut == 3)
        #expect(reading.problems == ["3 are left out: a list has at most 1000000 networks"])
    }

    @Test func `nothing traps, whatever the bytes`() {
        var random = SeededRandom(seed: 0x1157)
        let alphabet = Array("0123456789abcdef.:/#; \t\r\n\0\u{ff}x".utf8)
        for _ in 0..<2000 {
            let text = (0..<Int.random(in: 0...60, using: &random)).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
            }
            let reading = NetworkListText.parse(text.span)
            let lines = text.split(separator: 10, omittingEmptySubsequences: false).count
            #expect(reading.networks.count + reading.skipped <= lines)
        }
    }

    /// A list that Python made is read, and each address found where Python's `ipaddress` finds it. `NETWORKS=1000000` for more of them.
    @Test func `Python finds the same networks`() async throws {
        let environment = ProcessInfo.processInfo.environment
        let count = environment["NETWORKS"].flatMap(Int.init) ?? 50_000
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let (list, answers) = (folder.file("list.txt"), folder.file("answers.txt"))
        let python = try ChildProcess(
            "python", try Program("python3", package: "python3"),
            ["-c", Self.script, "\(count)", environment["SEED"] ?? "4439", list.path, answers.path], in: folder)
        try #require(try await python.exitCode(within: .seconds(300)) == 0, "\(python.tail)")
        let reading = NetworkListText.parse(Array(list.data).span)
        #expect(reading.networks.count == count)
        #expect(reading.problems.isEmpty)
        let table = NetworkTable(lists: [(reading.networks, 7)], seed: (1, 2))
        #expect(table.byteCount <= 64 * count)
        let lines = answers.lines
        try #require(lines.count == 4000)
        var hits = 0
        for line in lines {
            let words = line.split(separator: " ")
            let address = try #require(IPAddress(words[0]))
            let prefix = table.value(of: address)?.prefix
            if prefix != nil { hits += 1 }
            if "\(prefix ?? -1)" != words[1] { Issue.record("\(line), but found \(prefix ?? -1)") }
        }
        // Some are in none, also of a million networks.
        #expect(hits > 800 && hits < lines.count)
    }

    /// Networks of random prefixes, and for random addresses in and beside them the longest prefix, or −1. `supernet_of` for each network would
    /// take hours: each address is made a network of each length, and looked for among them.
    private static let script = """
        import ipaddress, random, sys
        count, seed = int(sys.argv[1]), int(sys.argv[2])
        random.seed(seed)
        def v4(): return ipaddress.IPv4Address(random.getrandbits(32))
        def v6(): return ipaddress.IPv6Address(0x2001 << 112 | random.getrandbits(112))
        networks = []
        for number in range(count):
            address = v4() if random.random() < 0.7 else v6()
            longest = address.max_prefixlen
            # All lengths; few of the short ones, which would be around everything.
            length = max(random.randint(0, longest), random.randint(0, longest)) if random.random() < 0.0005 else \\
                random.randint(longest // 2, longest)
            networks.append(ipaddress.ip_network((address, length), strict=False))
        with open(sys.argv[3], "w") as file:
            file.writelines(f"{network}\\n" for network in networks)
        known = {4: {}, 6: {}}
        for network in networks: known[network.version].setdefault(network.prefixlen, set()).add(network)
        with open(sys.argv[4], "w") as file:
            for number in range(4000):
                if number % 4 == 0: address = v4()
                elif number % 4 == 1: address = v6()
                else:
                    network = random.choice(networks)
                    base = type(network.network_address)
                    value = int(network.network_address) | random.getrandbits(network.max_prefixlen - network.prefixlen)
                    if number % 4 == 3: value ^= 1 << random.randrange(network.max_prefixlen)
                    address = base(value)
                found = -1
                for length in sorted(known[address.version], reverse=True):
                    if ipaddress.ip_network((address, length), strict=False) in known[address.version][length]:
                        found = length
                        break
                print(address, found, file=file)
        """
}
