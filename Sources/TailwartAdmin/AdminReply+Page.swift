import NIOHTTP1
import TailwartCore

extension AdminReply {
    /// What a browser shows: `page.html`, which asks for all that it shows. Its style and script are told from others', which a browser must
    /// not run, by a word that nobody can guess (Content Security Policy Level 3, section 2.3.1).
    static var page: AdminReply {
        let nonce = String(UInt64.random(in: 0...(.max)), radix: 16) + String(UInt64.random(in: 0...(.max)), radix: 16)
        var reply = AdminReply(
            status: .ok, contentType: "text/html; charset=utf-8", body: parts.joined(separator: "nonce=\"\(nonce)\""))
        reply.grants =
            "script-src 'nonce-\(nonce)'; style-src 'nonce-\(nonce)'; connect-src 'self'; img-src data:"
        return reply
    }

    /// Between the places where the word stands.
    private static let parts: [String] = {
        let events = EdgeEvent.Kind.allCases.map { "\"\($0.name)\"" }.joined(separator: ", ")
        return String(decoding: PackageResources.page_html, as: UTF8.self)
            .split(separator: "\"EVENTS\"", omittingEmptySubsequences: false).joined(separator: events)
            .split(separator: "nonce=\"NONCE\"", omittingEmptySubsequences: false).map(String.init)
    }()
}
