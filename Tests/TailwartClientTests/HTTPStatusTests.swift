import TailwartWire
import Testing

@testable import TailwartClient

@Suite struct HTTPStatusTests {
    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\n\r\n", 200), ("HTTP/1.0 404\r\nA: b\r\n\r\nbody", 404), ("HTTP/1.1 302 Found\n\n", 302),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 Later\r\n\r\n", 503),
        ("HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 100\r\n\r\nHTTP/1.1 204 \r\n\r\n", 204),
    ])
    func `the first final status is found, and nothing before its head is whole`(answer: String, status: Int) {
        let bytes = Array(answer.utf8)
        #expect(HTTPStatus.parse(bytes) == .found(status))
        let end = answer.hasSuffix("body") ? bytes.count - 4 : bytes.count
        for length in 0..<end { #expect(HTTPStatus.parse(Array(bytes[..<length])) == .needMore, "\(length)") }
    }

    @Test(arguments: [
        "220 mail", "\0", "http/1.1 200 OK", "HTTP/2 200\r\n\r\n", "HTTP/1.1  200\r\n\r\n", "HTTP/1.1 20\r\n\r\n",
        "HTTP/1.1 2000\r\n\r\n", "HTTP/1.x 200\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n", "HTTP/1.1 100\r\n\r\nSSH-2.0",
    ])
    func `what is no answer in HTTP is told`(answer: String) {
        #expect(HTTPStatus.parse(Array(answer.utf8)) == .invalid(.notHTTP))
    }

    @Test func `a head without end is given up`() {
        let head = Array("HTTP/1.1 200 OK\r\nX: ".utf8) + [UInt8](repeating: 0x61, count: HTTPStatus.maximumHead)
        #expect(HTTPStatus.parse(head) == .invalid(.notHTTP))
    }
}
