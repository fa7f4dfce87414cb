import NIOCore
import TailwartTesting
import Testing

@testable import TailwartClient

@Suite struct HTTPReaderTests {
    /// An answer, its status and its body.
    private static let answers: [(text: String, status: Int, body: String)] = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 200, "{}"), ("HTTP/1.0 404\nContent-Length:0\n\n", 404, ""),
        ("HTTP/1.1 204 \r\nX: y\r\n\r\n", 204, ""), ("HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", 101, ""),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 Later\r\ncontent-length: 1 \r\n\r\nx", 503, "x"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0a;x=y\r\n0123456789\r\n0\r\nT: u\r\n\r\n",
            200,
            "abc0123456789"
        ),
    ]

    @Test(arguments: answers)
    func `an answer is read however it is cut, and not before it is whole`(text: String, status: Int, body: String) {
        let bytes = Array(text.utf8)
        for cut in 0..<bytes.count {
            var reader = HTTPReader()
            #expect(reader.receive(ByteBuffer(bytes: bytes[..<cut])) == .needMore, "cut at \(cut)")
            #expect(!reader.isWholeAtEnd())
            #expect(reader.receive(ByteBuffer(bytes: bytes[cut...])) == .done)
            #expect(reader.status == status)
            #expect(String(buffer: reader.body) == body)
        }
        var slow = HTTPReader()
        for byte in bytes { _ = slow.receive(ByteBuffer(bytes: [byte])) }
        #expect(slow.status == status && String(buffer: slow.body) == body)
    }

    @Test(arguments: [
        (
            "ETag: \"a;b\"\r\nLast-Modified:  Sun, 29 Nov 2026 06:00:00 GMT \r\n", "\"a;b\"",
            "Sun, 29 Nov 2026 06:00:00 GMT"
        ),
        ("etag: W/\"1\"\r\n", "W/\"1\"", nil), ("", nil, nil), ("ETag:\r\nLast-Modified: \t\r\n", nil, nil),
        ("ETag: \"\u{1}\"\r\nLast-Modified: \(String(repeating: "x", count: 257))\r\n", nil, nil),
    ])
    func `what an answer is told from others by is kept, if it can be sent back`(
        fields: String, etag: String?, lastModified: String?
    ) {
        var reader = HTTPReader()
        #expect(reader.receive(ByteBuffer(string: "HTTP/1.1 200 OK\r\n\(fields)Content-Length: 0\r\n\r\n")) == .done)
        #expect(reader.etag == etag)
        #expect(reader.lastModified == lastModified)
    }

    @Test func `without a length the end of the connection ends the answer`() {
        var reader = HTTPReader()
        #expect(reader.receive(ByteBuffer(string: "HTTP/1.1 200 OK\r\nA: b\r\n\r\nto the")) == .needMore)
        #expect(reader.receive(ByteBuffer(string: " end")) == .needMore)
        #expect(reader.status == 200)
        #expect(String(buffer: reader.body) == "to the end")
        #expect(reader.isWholeAtEnd())
    }

    @Test(arguments: [
        "220 mail", "\0", "\r\n", "http/1.1 200 OK", "HTTP/2 200\r\n", "HTTP/1.1  200\r\n", "HTTP/1.1 20\r\n",
        "HTTP/1.1 2000\r\n", "HTTP/1.x 200\r\n", "HTTP/1.1 abc OK\r\n", "HTTP/1.1 -12 OK\r\n", "HTTP/1.1 099 OK\r\n",
        "HTTP/1.1 100\r\n\r\nSSH-2.0", "HTTP/1.1 200\r\nno colon\r\n", "HTTP/1.1 200\r\n: x\r\n",
        "HTTP/1.1 200\r\nA : b\r\n", "HTTP/1.1 200\r\nA: b\r\n more\r\n", "HTTP/1.1 200\r\nContent-Length: -1\r\n",
        "HTTP/1.1 200\r\nContent-Length: +1\r\n", "HTTP/1.1 200\r\nContent-Length: 1, 1\r\n",
        "HTTP/1.1 200\r\nContent-Length: 9999999999999999\r\n",
        "HTTP/1.1 200\r\nContent-Length: 2\r\nContent-Length: 3\r\n",
        "HTTP/1.1 200\r\nTransfer-Encoding: gzip, chunked\r\n",
        "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
        "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n",
        "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    ])
    func `what is no answer, or can be read in two ways, is told`(answer: String) {
        var reader = HTTPReader()
        #expect(reader.receive(ByteBuffer(string: answer)) == .notHTTP)
        #expect(!reader.isWholeAtEnd())
    }

    @Test(arguments: ["HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"])
    func `a head and trailers without end are given up`(beginning: String) {
        for line in ["X: y\r\n", "x"] {
            var reader = HTTPReader()
            _ = reader.receive(ByteBuffer(string: beginning))
            let endless = String(repeating: line, count: HTTPReader.maximumHead / line.utf8.count + 1)
            #expect(reader.receive(ByteBuffer(string: endless)) == .notHTTP)
        }
    }

    @Test func `no bytes are a trap`() {
        var random = SeededRandom(seed: 0x477)
        for _ in 0..<3000 {
            let number = Int.random(in: 0..<Self.answers.count, using: &random)
            var bytes = Array(Self.answers[number].text.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            var reader = HTTPReader()
            let cut = Int.random(in: 0...bytes.count, using: &random)
            _ = reader.receive(ByteBuffer(bytes: bytes[..<cut]))
            _ = reader.receive(ByteBuffer(bytes: bytes[cut...]))
        }
    }
}
