import TailwartTesting
import TailwartWire
import Testing

@Suite struct TailscaleDialTests {
    private static let head = Array("HTTP/1.1 101 Switching Protocols\r\nUpgrade: ts-dial\r\n\r\n".utf8)

    private func parse(_ bytes: [UInt8]) -> ParseOutcome<Int, TailscaleDialError> {
        TailscaleDial.parseAnswer(bytes.span)
    }

    @Test func `the answer ends behind the empty line, whatever follows`() {
        #expect(parse(Self.head) == .found(Self.head.count))
        #expect(parse(Self.head + [13, 10, 13, 10]) == .found(Self.head.count))
    }

    @Test func `every prefix of the answer needs more`() {
        for length in 0..<Self.head.count { #expect(parse(Array(Self.head.prefix(length))) == .needMore, "\(length)") }
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nDial-Self: true\r\n\r\n", TailscaleDialError.notOnTailnet),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", .refused(status: 403)),
        ("HTTP/1.1 1x1 No\r\n\r\n", .notHTTP),
        ("SSH-2.0-OpenSSH_9\r\n", .notHTTP),
    ])
    func `another answer says why`(answer: String, error: TailscaleDialError) {
        #expect(parse(Array(answer.utf8)) == .invalid(error))
    }

    @Test func `a head without end is refused at its limit`() {
        let endless =
            Array("HTTP/1.1 101 \r\n".utf8)
            + Array(repeating: UInt8(ascii: "x"), count: TailscaleDial.maximumHeadLength)
        #expect(parse(endless) == .invalid(.notHTTP))
        #expect(parse(Array(endless.prefix(TailscaleDial.maximumHeadLength - 1))) == .needMore)
    }

    @Test func `the request names host and port`() {
        var bytes = [UInt8](repeating: 0, count: TailscaleDial.maximumRequestLength)
        var span = bytes.mutableSpan
        let name = InlineBytes(String(repeating: "n", count: 255))
        let count = TailscaleDial.writeRequest(host: name, port: 65535, into: &span)
        let text = String(decoding: bytes.prefix(count), as: UTF8.self)
        #expect(text.hasSuffix("\r\nDial-Host: \(name)\r\nDial-Port: 65535\r\n\r\n"))
    }
}
