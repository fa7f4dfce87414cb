import TailwartWire
import Testing

struct ProxyHeaderV1Tests {
    private func parse(_ text: String) -> ParseOutcome<ProxyHeader, ProxyHeaderError> {
        ProxyHeader.parse(Array(text.utf8).span)
    }

    @Test(arguments: [
        ("PROXY TCP4 1.2.3.4", true), ("\r\n\r\n\0\r\nQUIT\n!", true), ("PROXYTCP4 1.2.3.4", false),
        ("EHLO client", false), ("\r\n\r\n\0\r\nQUIT!", false), ("P\n\r\n\0\r\nQUIT\n!", false), ("\rROXY TCP4", false),
    ])
    func `a header is told from all else by its beginning, in whatever pieces it comes`(text: String, isHeader: Bool) {
        let bytes = Array(text.utf8)
        #expect(ProxyHeader.isBegun(by: bytes.span) == isHeader)
        for first in 0...bytes.count {
            for second in first...bytes.count {
                var search = ProxyHeader.Search()
                let pieces = [bytes[..<first], bytes[first..<second], bytes[second...]].map(Array.init)
                #expect(pieces.count { search.finds($0.span) } == (isHeader ? 1 : 0))
                #expect(search.isOver)
            }
        }
    }

    @Test(arguments: [
        ("PROXY TCP4 192.0.2.1 198.51.100.2 51000 25\r\n", "192.0.2.1:51000", "198.51.100.2:25"),
        (
            "PROXY TCP4 255.255.255.254 255.255.255.255 65535 65535\r\n", "255.255.255.254:65535",
            "255.255.255.255:65535"
        ),
        ("PROXY TCP4 1.2.3.4 0.0.0.0 0 0\r\n", "1.2.3.4:0", "0.0.0.0:0"),
        ("PROXY TCP6 2001:db8::1 ::1 51000 993\r\n", "[2001:db8::1]:51000", "[::1]:993"),
        ("PROXY TCP6 2001:DB8:0:0:0:0:0:1 2001:db8:1:2:3:4:5:6 1 2\r\n", "[2001:db8::1]:1", "[2001:db8:1:2:3:4:5:6]:2"),
        ("PROXY TCP6 ::ffff:192.0.2.1 ::ffff:c633:6402 1 2\r\n", "192.0.2.1:1", "198.51.100.2:2"),
        ("PROXY TCP6 ::ffff:c000:201 2001:db8::2 1 2\r\n", "192.0.2.1:1", "[2001:db8::2]:2"),
        ("PROXY TCP6 1:2:3:4:5:6:7:: 1:2:3:4:5:6:1.2.3.4 1 2\r\n", "[1:2:3:4:5:6:7:0]:1", "[1:2:3:4:5:6:102:304]:2"),
    ])
    func `a line names client and destination`(line: String, client: String, destination: String) {
        let outcome = everyPrefix(of: Array(line.utf8), ProxyHeader.parse)
        guard case .found(let header) = outcome, case .proxied(let first, let second) = header.peers else {
            Issue.record("\(outcome)")
            return
        }
        #expect(header.version == .v1)
        #expect(header.length == line.utf8.count)
        #expect(first.description == client)
        #expect(second.description == destination)
    }

    @Test(arguments: [
        "PROXY UNKNOWN\r\n", "PROXY UNKNOWN \r\n", "PROXY UNKNOWN 192.0.2.1 198.51.100.2 51000 25\r\n",
        "PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n",
        "PROXY UNKNOWN " + String(repeating: "x", count: 91) + "\r\n",
    ])
    func `UNKNOWN, short or long, keeps the real endpoints`(line: String) {
        let expected = ProxyHeader(version: .v1, peers: .local, length: line.utf8.count)
        #expect(everyPrefix(of: Array(line.utf8), ProxyHeader.parse) == .found(expected))
    }

    @Test(arguments: [
        // No header at all, decided by the byte that says so.
        ("EHLO mail.example.org\r\n", 1, ProxyHeaderError.notProxy), ("POST / HTTP/1.1\r\n", 2, .notProxy),
        ("PROXYTCP4", 6, .notProxy), ("PROXY\tTCP4", 6, .notProxy), ("proxy TCP4", 1, .notProxy),
        ("\u{16}\u{03}", 1, .notProxy),
        ("SSH-2.0-x\r\n", 1, .notProxy), ("\n", 1, .notProxy), (" PROXY", 1, .notProxy), ("PROXX", 5, .notProxy),
        // Families.
        ("PROXY  TCP4", 7, .unknownFamily), ("PROXY TCP5", 10, .unknownFamily), ("PROXY TCP ", 10, .unknownFamily),
        ("PROXY UDP4", 8, .unknownFamily), ("PROXY TCP44", 11, .unknownFamily), ("PROXY UNKNOWNX", 14, .unknownFamily),
        ("PROXY tcp4", 7, .unknownFamily), ("PROXY \r\n", 7, .unknownFamily), ("PROXY TCP4\r\n", 11, .unknownFamily),
        // Addresses.
        ("PROXY TCP4  1.2.3.4", 12, .badAddress), ("PROXY TCP4 256", 14, .badAddress),
        ("PROXY TCP4 1.2.3 ", 17, .badAddress),
        ("PROXY TCP4 01.2.3.4", 13, .badAddress), ("PROXY TCP4 1.2.3.4.5", 19, .badAddress),
        ("PROXY TCP4 1..2", 14, .badAddress),
        ("PROXY TCP4 1.2.3.4  5.6.7.8", 20, .badAddress), ("PROXY TCP4 1.2.3.4\r\n", 19, .badAddress),
        ("PROXY TCP4 +1.2.3.4", 12, .badAddress), ("PROXY TCP4 1.2.3.4\t5", 19, .badAddress),
        ("PROXY TCP4 mail.example.org", 12, .badAddress), ("PROXY TCP6 2001:db8::1::2", 24, .badAddress),
        ("PROXY TCP6 :1", 13, .badAddress), ("PROXY TCP6 12345:", 16, .badAddress),
        ("PROXY TCP6 1:2:3:4:5:6:7:8:", 27, .badAddress),
        ("PROXY TCP6 ::1%eth0", 15, .badAddress), ("PROXY TCP6 [::1]", 12, .badAddress),
        ("PROXY TCP6 1: ", 14, .badAddress),
        ("PROXY TCP6 ::1.2.3.256 ", 22, .badAddress), ("PROXY TCP6 1:2:3 ", 17, .badAddress),
        ("PROXY TCP6 : ", 13, .badAddress),
        ("PROXY TCP6 ::ffff:1.2.3 ", 24, .badAddress), ("PROXY TCP6 1:2:3:4:5:6::1.", 26, .badAddress),
        ("PROXY TCP6 1::2:3:4:5:6:7:8", 27, .badAddress), ("PROXY TCP6 ::g", 14, .badAddress),
        ("PROXY TCP6 :::", 14, .badAddress),
        // The other family.
        ("PROXY TCP4 200:db8::1", 15, .familyMismatch), ("PROXY TCP4 ::1", 12, .familyMismatch),
        ("PROXY TCP6 192.0.2.1", 15, .familyMismatch), ("PROXY TCP4 192.0.2.1 ::1 ", 22, .familyMismatch),
        ("PROXY TCP6 ::1 192.0.2.1 ", 19, .familyMismatch),
        // Clients that no host can be.
        ("PROXY TCP4 0.0.0.0 ", 19, .clientNotUnicast), ("PROXY TCP4 224.0.0.1 ", 21, .clientNotUnicast),
        ("PROXY TCP4 255.255.255.255 ", 27, .clientNotUnicast), ("PROXY TCP6 :: ", 14, .clientNotUnicast),
        ("PROXY TCP6 ff02::1 ", 19, .clientNotUnicast), ("PROXY TCP6 ::ffff:224.0.0.1 ", 28, .clientNotUnicast),
        // Ports.
        ("PROXY TCP4 1.2.3.4 5.6.7.8 65536", 32, .badPort), ("PROXY TCP4 1.2.3.4 5.6.7.8 00", 29, .badPort),
        ("PROXY TCP4 1.2.3.4 5.6.7.8 025", 29, .badPort), ("PROXY TCP4 1.2.3.4 5.6.7.8 +25", 28, .badPort),
        ("PROXY TCP4 1.2.3.4 5.6.7.8 -1", 28, .badPort), ("PROXY TCP4 1.2.3.4 5.6.7.8  1", 28, .badPort),
        ("PROXY TCP4 1.2.3.4 5.6.7.8 1 70000\r\n", 34, .badPort), ("PROXY TCP4 1.2.3.4 5.6.7.8 1 \r\n", 30, .badPort),
        ("PROXY TCP4 1.2.3.4 5.6.7.8 1 2 \r\n", 31, .badPort), ("PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n", 29, .badPort),
        // Ends of line.
        ("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n", 31, .badLineEnd), ("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r1", 32, .badLineEnd),
        ("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\r\n", 32, .badLineEnd), ("PROXY UNKNOWN\n", 14, .unknownFamily),
        ("PROXY UNKNOWN a\n", 16, .badLineEnd), ("PROXY UNKNOWN\rx", 15, .badLineEnd),
        ("PROXY UNKNOWN a\rb\r\n", 17, .badLineEnd),
    ])
    func `the first wrong byte decides`(line: String, count: Int, error: ProxyHeaderError) {
        #expect(parse(line) == .invalid(error))
        // A carriage return and a line feed are one Character, so the bytes are counted, not the text.
        #expect(firstInvalid(in: Array(line.utf8), ProxyHeader.parse) == count)
    }

    @Test func `a line ends within 107 bytes`() {
        let fits = "PROXY UNKNOWN " + String(repeating: "x", count: 92)
        #expect(fits.utf8.count == 106)
        #expect(parse(fits) == .needMore)
        #expect(parse(fits + "\r") == .invalid(.lineTooLong))
        #expect(parse(fits + "x") == .invalid(.lineTooLong))
        let zeros = String(repeating: "0", count: 300)
        #expect(parse("PROXY TCP6 " + zeros) == .invalid(.badAddress))
        let tail = "1111:2222:3333:4444:5555:6666:123.123.123.123"
        #expect(parse("PROXY TCP6 \(tail) \(tail) 51") == .needMore)
        #expect(parse("PROXY TCP6 \(tail) \(tail) 51000 25\r\n") == .invalid(.lineTooLong))
    }

    @Test func `every single changed byte is refused or read as another valid line`() {
        let line = Array("PROXY TCP4 192.0.2.1 198.51.100.2 51000 25\r\n".utf8)
        for index in line.indices {
            for byte in UInt8.min...UInt8.max {
                var changed = line
                changed[index] = byte
                guard case .found(let header) = ProxyHeader.parse(changed.span) else { continue }
                guard case .proxied(let client, let destination) = header.peers else {
                    Issue.record("\(changed)")
                    continue
                }
                let again = written { ProxyHeader.writeV1(client: client, destination: destination, into: &$0) }
                #expect(again == changed, "byte \(index) as \(byte)")
            }
        }
    }
}
