import NIOHTTP1
import TailwartWire

/// A request as the rules and the pages look at it.
struct AdminRequest: Sendable, Equatable {
    /// A variable of the query.
    struct Parameter: Sendable, Equatable {
        let name: String
        /// Empty without `=`.
        let value: String
    }

    let method: String
    /// As it was sent, without the query. It is not decoded: each page has one name.
    let path: String
    let query: [Parameter]
    let body: [UInt8]
    private let headers: HTTPHeaders

    /// - Throws: the refusal of one that is not clear.
    init(_ head: HTTPRequestHead, body: [UInt8] = [], limits: AdminLimits) throws(Unclear) {
        method = head.method.rawValue
        headers = head.headers
        self.body = body
        guard head.uri.utf8.count <= limits.target else {
            throw Unclear(.uriTooLong, "the target has more than \(limits.target) bytes")
        }
        guard head.uri.hasPrefix("/"), head.uri.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw Unclear(.badRequest, "a target begins with a slash and has printable ASCII characters only")
        }
        let hosts = headers["host"]
        guard hosts.count == 1 || (hosts.isEmpty && head.version == .http1_0) else {
            throw Unclear(.badRequest, "the field 'Host' must stand once")
        }
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = String(parts[0])
        var query: [Parameter] = []
        for part in (parts.count > 1 ? parts[1] : "").split(separator: "&") {
            let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decoded(halves[0].utf8),
                let value = halves.count > 1 ? Self.decoded(halves[1].utf8) : ""
            else { throw Unclear(.badRequest, "what stands behind '?' is not encoded as it should be") }
            query.append(Parameter(name: name, value: value))
        }
        self.query = query
    }

    struct Unclear: Error {
        let reply: AdminReply

        init(_ status: HTTPResponseStatus, _ message: String) { reply = .refused(status, message) }
    }

    /// The value of a field, of several joined by commas; nil if there is none.
    subscript(name: String) -> String? {
        let values = headers[name]
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }

    /// Whether a field, which is a list, has this word, whatever its parameters.
    func has(_ word: String, in name: String) -> Bool {
        headers[canonicalForm: name].contains { element in
            element.prefix { $0 != ";" && $0 != " " }.lowercased() == word
        }
    }

    /// Of percent-encoding (RFC 3986 section 2.1), to text that a terminal bears; nil if it is none.
    private static func decoded(_ text: Substring.UTF8View) -> String? {
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(nibble), let low = rest.popFirst().flatMap(nibble) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        let decoded = String(decoding: bytes, as: UTF8.self)
        return decoded.unicodeScalars.contains(where: \.upsetsTerminals) ? nil : decoded
    }

    private static func nibble(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 48...57: digit - 48
        case 65...70: digit - 55
        case 97...102: digit - 87
        default: nil
        }
    }
}
