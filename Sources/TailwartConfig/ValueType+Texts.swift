import TailwartCore
import TailwartWire

extension ValueType<String> {
    /// An ALPN protocol name.
    static var alpn: ValueType {
        let shape = TextShape(
            name: "alpn", pattern: Pattern.anything, length: Allowed.alpnBytes, mayLookOtherwise: true)
        return .scalar("an ALPN protocol name such as h2", .text(shape)) { text throws(Complaint) in
            guard Allowed.alpnBytes.contains(text.utf8.count) else { throw Complaint("it has 1 to 255 bytes") }
            return text
        }
    }

    /// What a refusal says behind the reply code: part of one line, and in sieve of a quoted string (RFC 5804 section 1.2).
    static var refusalText: ValueType {
        let limit = Allowed.refusalTextBytes
        let shape = TextShape(name: "refusal_text", pattern: #"[ !#-\[\]-~]*"#, length: limit, mayLookOtherwise: true)
        let name = "a text of \(limit.lowerBound) to \(limit.upperBound) printable ASCII characters"
        return .scalar(name, .text(shape)) { text throws(Complaint) in
            guard limit.contains(text.utf8.count) else { throw Complaint() }
            guard text.utf8.allSatisfy({ (0x20...0x7e).contains($0) }) else {
                throw Complaint("write it on one line, in English letters")
            }
            guard !text.contains("\""), !text.contains("\\") else {
                throw Complaint("leave out the quotes and backslashes: not every protocol can say them")
            }
            return text
        }
    }

    static var unixPath: ValueType {
        .path("the absolute path of a Unix socket", bytes: Allowed.unixPathBytes, shapeName: "socket_path")
    }

    /// The absolute path of a file.
    static var path: ValueType { .path("the absolute path of a file", bytes: Allowed.pathBytes, shapeName: "path") }

    private static func path(_ name: String, bytes: ClosedRange<Int>, shapeName: String) -> ValueType {
        let shape = TextShape(name: shapeName, pattern: "/\(Pattern.anything)", length: bytes)
        return .scalar(name, .text(shape)) { text throws(Complaint) in
            try AbsolutePath.parse(text, bytes: bytes)
        }.shown { .text($0) }
    }
}

enum AbsolutePath {
    static func parse(
        _ text: some StringProtocol, bytes: ClosedRange<Int> = Allowed.unixPathBytes
    ) throws(Complaint) -> String {
        guard text.hasPrefix("/") else { throw Complaint("the path must begin with /") }
        guard bytes.contains(text.utf8.count) else {
            throw Complaint("the path must have at most \(bytes.upperBound) bytes")
        }
        guard !text.utf8.contains(0) else { throw Complaint("the path contains a zero byte") }
        return String(text)
    }
}
