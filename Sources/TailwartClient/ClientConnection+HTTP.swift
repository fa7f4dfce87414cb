package import NIOCore

/// A question in HTTP/1.1.
package struct HTTPQuestion: Sendable {
    package var method: String
    /// The path with its query.
    package var target: String
    /// Of the field of that name.
    package var host: String
    /// Further fields, name and value.
    package var fields: [(name: String, value: String)] = []
    /// Nil: none, and nothing is said of one.
    package var body: [UInt8]?

    package init(
        _ target: String, method: String = "GET", host: String, fields: [(name: String, value: String)] = [],
        body: [UInt8]? = nil
    ) {
        self.method = method
        self.target = target
        self.host = host
        self.fields = fields
        self.body = body
    }

    /// The server is asked to close the connection behind its answer.
    fileprivate var bytes: [UInt8] {
        let length = body.map { ["Content-Length: \($0.count)"] } ?? []
        let lines =
            ["\(method) \(target) HTTP/1.1", "Host: \(host)"] + fields.map { "\($0.name): \($0.value)" } + length
        return Array((lines + ["Connection: close", "", ""]).joined(separator: "\r\n").utf8) + (body ?? [])
    }
}

package struct HTTPAnswer: Sendable, Equatable {
    package var status: Int
    package var body: ByteBuffer
    /// As the server wrote them, to be sent back with the next question.
    package var etag: String?
    package var lastModified: String?

    package init(status: Int, body: ByteBuffer, etag: String? = nil, lastModified: String? = nil) {
        self.status = status
        self.body = body
        self.etag = etag
        self.lastModified = lastModified
    }

    fileprivate init?(_ reader: HTTPReader) {
        guard let status = reader.status else { return nil }
        self.init(status: status, body: reader.body, etag: reader.etag, lastModified: reader.lastModified)
    }
}

extension ClientConnection {
    /// - Parameter isStatusEnough: does not wait for the body.
    /// - Returns: nil if what answers is no web server, or breaks off in the middle of its answer.
    package func ask(_ question: HTTPQuestion, isStatusEnough: Bool = false) async throws(ConnectionEnd) -> HTTPAnswer?
    {
        send(question.bytes)
        var reader = HTTPReader()
        var hasAnswered = false
        while true {
            let progress: HTTPReader.Progress
            do throws(ConnectionEnd) {
                progress = reader.receive(try await some())
                hasAnswered = true
            } catch {
                guard hasAnswered, case .closed = error else { throw error }
                guard reader.isWholeAtEnd() else { return nil }
                return HTTPAnswer(reader)
            }
            if progress == .notHTTP { return nil }
            guard reader.status != nil, progress == .done || isStatusEnough else { continue }
            return HTTPAnswer(reader)
        }
    }
}
