import NIOCore
import NIOHTTP1
import TailwartCore

/// An answer in HTTP.
struct AdminReply: Sendable {
    var status: HTTPResponseStatus
    var contentType: String
    var body: String
    var fields: [(name: String, value: String)] = []
    /// What the page may have and do beside nothing, as directives of Content-Security-Policy.
    var grants = ""

    static func text(_ status: HTTPResponseStatus, _ text: String) -> AdminReply {
        AdminReply(status: status, contentType: "text/plain; charset=utf-8", body: text + "\n")
    }

    static func json(_ status: HTTPResponseStatus, _ answer: CommandAnswer) -> AdminReply {
        AdminReply(status: status, contentType: "application/json", body: "\(answer)\n")
    }

    /// - Parameters:
    ///   - message: what is wrong, for a person.
    ///   - fix: what to do.
    static func refused(_ status: HTTPResponseStatus, _ message: String, fix: String? = nil) -> AdminReply {
        .json(status, CommandAnswer(isGood: false, problems: [.init(.error, message, fix: fix)], [:]))
    }

    static let streamType = "text/event-stream"

    /// A page may be read by nobody but who asked: not kept, not guessed at, and without frames and forms.
    private static let always = [
        ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
    ]
    private static let policy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    /// - Parameter stays: whether the connection takes another request.
    func head(stays: Bool) -> HTTPResponseHead {
        var headers = Self.headers(contentType, stays: stays, grants: grants)
        headers.add(name: "Content-Length", value: "\(body.utf8.count)")
        headers.add(contentsOf: fields.map { ($0.name, $0.value) })
        return HTTPResponseHead(version: .http1_1, status: status, headers: headers)
    }

    /// All of it, where there is no request that it answers; the connection ends.
    var bytes: ByteBuffer {
        let head = head(stays: false)
        let lines = ["HTTP/1.1 \(status.code) \(status.reasonPhrase)"] + head.headers.map { "\($0.name): \($0.value)" }
        return ByteBuffer(string: lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
    }

    /// Of a stream of events, which ends with the connection.
    static var streamHead: HTTPResponseHead {
        HTTPResponseHead(version: .http1_1, status: .ok, headers: headers(streamType, stays: false))
    }

    private static func headers(_ contentType: String, stays: Bool, grants: String = "") -> HTTPHeaders {
        HTTPHeaders(
            [("Content-Type", contentType), ("Connection", stays ? "keep-alive" : "close")] + always
                + [("Content-Security-Policy", grants.isEmpty ? policy : "\(policy); \(grants)")])
    }
}

extension AdminReply {
    /// What is said of a request that is none.
    init(_ error: HTTPParserError, _ limits: AdminLimits) {
        self =
            switch error {
            case .headerOverflow:
                .refused(
                    .requestHeaderFieldsTooLarge,
                    "the head has more than \(limits.head) bytes or \(limits.fields) fields")
            case .invalidVersion: .refused(.httpVersionNotSupported, "only HTTP/1.1 and HTTP/1.0 are spoken here")
            default:
                .refused(
                    .badRequest, "this is not a request in HTTP/1.1: \(error)",
                    fix: "A request begins with 'GET /status HTTP/1.1'.")
            }
    }
}
