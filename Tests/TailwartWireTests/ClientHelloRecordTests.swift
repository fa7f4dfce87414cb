import TailwartTesting
import TailwartWire
import Testing

struct ClientHelloRecordTests {
    typealias Builder = ClientHelloBuilder

    static let expected: ClientHello? = {
        guard case .found(let hello) = parseHello(Builder(serverName: "mail.example.org", alpn: ["imap"]).bytes) else {
            return nil
        }
        return hello
    }()

    @Test(arguments: [[1], [2], [3], [4], [5], [64], [512], [1, 2, 16384], [3, 1, 16384], [5, 1], [44, 1, 7]])
    func `a hello is found however records cut it`(lengths: [Int]) throws {
        let builder = Builder(serverName: "mail.example.org", alpn: ["imap"])
        let bytes = Builder.records(builder.message, lengths: lengths)
        #expect(everyPrefix(of: bytes, ClientHello.parse) == .found(try #require(Self.expected)))
    }

    @Test func `a hello is found wherever it is cut in two records`() throws {
        let message = Builder(serverName: "mail.example.org", alpn: ["imap"]).message
        let expected = ParseOutcome<ClientHello, ClientHelloError>.found(try #require(Self.expected))
        for cut in 1..<message.count {
            #expect(parseHello(Builder.records(message, lengths: [cut, 16384])) == expected)
        }
    }

    @Test(arguments: [
        (200, 1), (1800, 8), (1800, 64), (1800, 512), (1800, 16384), (8000, 512), (8000, 16384), (16384, 16384),
    ])
    func `a large hello is found and every beginning of it needs more`(length: Int, recordLength: Int) throws {
        let builder = Builder(serverName: "mail.example.org", alpn: ["imap"], paddedLength: length)
        #expect(builder.message.count == 4 + length)
        let bytes = builder.bytes(recordLengths: recordLength)
        // Beyond 2 kB a step of a prime keeps the time short and still meets every kind of place.
        let outcome = everyPrefix(of: bytes, step: bytes.count > 2000 ? 13 : 1, ClientHello.parse)
        #expect(outcome == .found(try #require(Self.expected)))
    }

    @Test func `a hello in records of one byte is found up to 256 of them`() throws {
        let fits = Builder(serverName: "mail.example.org", alpn: ["imap"], paddedLength: 256 - 4)
        #expect(parseHello(fits.bytes(recordLengths: 1)) == .found(try #require(Self.expected)))
        let tooMany = Builder(serverName: "mail.example.org", alpn: ["imap"], paddedLength: 256 - 3)
        #expect(parseHello(tooMany.bytes(recordLengths: 1)) == .invalid(.tooManyRecords))
    }

    @Test func `the longest hello in the most records fits what is peeked`() throws {
        let length = ClientHello.maximumMessageLength + 4
        let longest = Builder(
            serverName: "mail.example.org", alpn: ["imap"], paddedLength: ClientHello.maximumMessageLength)
        let bytes = Builder.records(longest.message, lengths: [Int](repeating: 1, count: 255) + [length - 255])
        #expect(bytes.count == ClientHello.maximumWireLength)
        #expect(parseHello(bytes) == .found(try #require(Self.expected)))
    }

    @Test func `a message longer than 16 KiB is refused by its length`() {
        let message = Builder(paddedLength: ClientHello.maximumMessageLength + 1).message
        #expect(message[1...3] == [0, 0x40, 1])
        #expect(parseHello(Array(Builder.records(message).prefix(9))) == .invalid(.messageTooLong))
        #expect(parseHello([22, 3, 1, 2, 0, 1, 1]) == .invalid(.messageTooLong))
        #expect(parseHello([22, 3, 1, 2, 0, 1, 0, 0x41]) == .invalid(.messageTooLong))
        #expect(parseHello([22, 3, 1, 2, 0, 1, 0, 0, 40]) == .invalid(.messageTooShort))
    }

    @Test(
        arguments: [
            (Array("GET / HTTP/1.1\r\n".utf8), 1), (Array("SSH-2.0-OpenSSH_9.9\r\n".utf8), 1),
            (Array("EHLO a\r\n".utf8), 1),
            (Array("PROXY TCP4 ".utf8), 1), ([0x80, 0x2e, 1, 0, 2], 1), ([0x16, 0x02, 0], 2), ([0x16, 0x04], 2),
            ([0x16, 0x16], 2),
            ([0x15, 3, 1, 0, 2, 2, 80], 1), ([0x17, 3, 3], 1), ([0x00], 1), ([0x0d, 0x0a], 1),
            (Array("a001 LOGIN".utf8), 1),
        ] as [([UInt8], Int)])
    func `what is not TLS is told by its first byte or two`(bytes: [UInt8], count: Int) {
        #expect(firstInvalid(in: bytes, ClientHello.parse) == count)
        #expect(parseHello(bytes) == .invalid(.notTLS))
    }

    @Test func `each first byte but one is not TLS`() {
        for byte in UInt8.min...UInt8.max {
            #expect(parseHello([byte]) == (byte == 22 ? .needMore : .invalid(.notTLS)))
        }
    }

    @Test func `only a ClientHello begins a conversation`() {
        for byte in UInt8.min...UInt8.max {
            #expect(parseHello([22, 3, 1, 0, 200, byte]) == (byte == 1 ? .needMore : .invalid(.notClientHello)))
        }
    }

    @Test func `any minor version of the record passes`() {
        for minor in UInt8.min...UInt8.max {
            var bytes = Builder(serverName: "mail.example.org", alpn: ["imap"]).bytes
            bytes[2] = minor
            guard case .found = parseHello(bytes) else {
                Issue.record("minor version \(minor)")
                continue
            }
        }
    }

    @Test func `an empty record is refused`() {
        #expect(parseHello([22, 3, 1, 0, 0]) == .invalid(.emptyRecord))
        let message = Builder(serverName: "mail.example.org").message
        for cut in [1, 3, 4, 50] {
            let bytes =
                Builder.records(Array(message[..<cut])) + [22, 3, 3, 0, 0] + Builder.records(Array(message[cut...]))
            #expect(parseHello(bytes) == .invalid(.emptyRecord))
            #expect(firstInvalid(in: bytes, ClientHello.parse) == cut + 10)
        }
    }

    @Test func `a record longer than 2 to the 14th is refused`() {
        #expect(parseHello([22, 3, 1, 0x40, 0]) == .needMore)
        #expect(parseHello([22, 3, 1, 0x40, 1]) == .invalid(.recordTooLong))
        #expect(parseHello([22, 3, 1, 0x41]) == .invalid(.recordTooLong))
        #expect(parseHello([22, 3, 1, 0xff, 0xff]) == .invalid(.recordTooLong))
    }

    @Test(
        arguments: [[21, 3, 1, 0, 2, 1, 0], [23, 3, 3, 0, 1, 0], [20, 3, 3, 0, 1, 1], [22, 2, 0], [24], [0x80]]
            as [[UInt8]])
    func `another record within the hello is refused`(record: [UInt8]) {
        let message = Builder(serverName: "mail.example.org").message
        for cut in [1, 3, 4, 50] {
            let bytes = Builder.records(Array(message[..<cut])) + record + Builder.records(Array(message[cut...]))
            #expect(parseHello(bytes) == .invalid(.unexpectedRecord))
        }
    }

    @Test func `bytes behind the hello in its record are refused, a record behind it is not looked at`() throws {
        let message = Builder(serverName: "mail.example.org", alpn: ["imap"]).message
        for trailing in [1, 4, 300] {
            let bytes = Builder.records(message + [UInt8](repeating: 1, count: trailing))
            #expect(firstInvalid(in: bytes, ClientHello.parse) == 9)
            #expect(parseHello(bytes) == .invalid(.trailingBytes))
            let cut = Builder.records(message + [UInt8](repeating: 1, count: trailing), lengths: [100, 16384])
            #expect(parseHello(cut) == .invalid(.trailingBytes))
        }
        let early = Builder.records(message) + [20, 3, 3, 0, 1, 1]
        #expect(parseHello(early) == .found(try #require(Self.expected)))
    }
}
