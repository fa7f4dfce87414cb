import NIOCore
import Testing

@testable import TailwartSandbox

@Suite struct LineReaderTests {
    @Test(arguments: [
        ("a\r\nbc\r\n", ["a", "bc"]), ("\r\n", [""]), ("a\nb\r\n", ["a\nb"]), ("a\r", []), ("a\rb\r\n", ["a\rb"]),
        ("12345678\r\n", ["12345678"]), ("123456789\r\nx\r\n", [nil, "x"]), ("123456789\n12\n\r\nx\r\n", [nil, "x"]),
        ("1234567890123456789012\r\r\nx\r\n", [nil, "x"]), ("\n\n\r\n", ["\n\n"]),
        ("123456789\r\n123456789\r\n", [nil, nil]),
    ])
    func `only CR LF ends a line, however the bytes are cut`(stream: String, lines: [String?]) {
        let bytes = Array(stream.utf8)
        for first in 0...bytes.count {
            for second in first...bytes.count {
                var reader = LineReader(limit: 10)
                var found: [String?] = []
                for piece in [bytes[..<first], bytes[first..<second], bytes[second...]] {
                    reader.append(ByteBuffer(bytes: piece))
                    while let line = reader.next() {
                        if case .text(let text) = line { found.append(String(buffer: text)) } else { found.append(nil) }
                    }
                }
                #expect(found == lines, "cut at \(first) and \(second)")
            }
        }
    }

    @Test func `where a command is due, an LF alone is told, however the bytes are cut`() {
        let bytes = Array("a\nb\r\n\nccccccccccc\nc\r\nd\r\n".utf8)
        for cut in 0...bytes.count {
            var reader = LineReader(limit: 10)
            var found: [String] = []
            for piece in [bytes[..<cut], bytes[cut...]] {
                reader.append(ByteBuffer(bytes: piece))
                while let line = reader.next(isCommand: true) {
                    switch line {
                    case .text(let text): found.append(String(buffer: text))
                    case .tooLong: found.append("too long")
                    case .bareLineFeed: found.append("LF")
                    }
                }
            }
            #expect(found == ["LF", "b", "LF", "too long", "d"], "cut at \(cut)")
        }
    }

    @Test func `what was discarded never comes back`() {
        var reader = LineReader(limit: 10)
        reader.append(ByteBuffer(string: "one\r\ntwo\r\nthr"))
        _ = reader.next()
        reader.discard()
        #expect(reader.next() == nil)
        reader.append(ByteBuffer(string: "ee\r\n"))
        guard case .text(let text)? = reader.next() else {
            Issue.record("there is a line")
            return
        }
        #expect(String(buffer: text) == "ee")
    }
}
