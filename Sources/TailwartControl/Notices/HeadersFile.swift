import TailwartSystem

/// Further fields of a request, from a file that holds a secret: `Authorization: Bearer …`, one a line. Its values stand in no message.
enum HeadersFile {
    /// Bytes; servers take as many in a whole head.
    private static let sizeLimit = 8 << 10
    private static let lineLimit = 32
    /// Those that the request has already.
    private static let own: Set<String> = [
        "connection", "content-length", "content-type", "host", "transfer-encoding", "user-agent",
    ]

    /// Why there are none, as the end of a sentence.
    struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    /// Read anew for each request, so that a token can be changed while the edge runs.
    static func read(_ path: String) throws(Fault) -> [(name: String, value: String)] {
        guard FileSystem.isForEverybody(path) != true else {
            throw Fault(
                description: "\(path) can be read by everybody on this host, and holds a secret: chmod o= \(path)")
        }
        let bytes: [UInt8]
        switch FileSystem.read(path, limit: sizeLimit) {
        case .bytes(let content): bytes = content
        case .notRegular: throw Fault(description: "\(path) is not a regular file")
        case .failure(let error): throw Fault(description: "\(path) cannot be read: \(error)")
        }
        guard bytes.count <= sizeLimit, let text = String(validating: bytes, as: UTF8.self) else {
            throw Fault(description: "\(path) is not a text of at most \(sizeLimit) bytes")
        }
        let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
        guard lines.count <= lineLimit else { throw Fault(description: "\(path) has more than \(lineLimit) lines") }
        var fields: [(name: String, value: String)] = []
        for (number, line) in lines.enumerated() where !line.allSatisfy({ $0 == " " }) && !line.hasPrefix("#") {
            guard let field = field(line) else {
                throw Fault(description: "line \(number + 1) of \(path) is not 'Name: value'")
            }
            guard !own.contains(field.name.lowercased()) else {
                throw Fault(description: "line \(number + 1) of \(path) names a field that the request has already")
            }
            fields.append(field)
        }
        return fields
    }

    /// RFC 9110 sections 5.1 and 5.5.
    private static func field(_ line: Substring) -> (name: String, value: String)? {
        guard let colon = line.firstIndex(of: ":") else { return nil }
        let name = line[..<colon]
        let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
        let isName = { (byte: UInt8) in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
        }
        guard !name.isEmpty, name.utf8.allSatisfy(isName), !value.isEmpty,
            value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 9 })
        else { return nil }
        return (String(name), String(value))
    }
}
