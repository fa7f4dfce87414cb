import TailwartCore
import Testing

@testable import TailwartGate

@Suite struct URLTests {
    @Test(arguments: [
        ("http://db", "db:80", "/", "db"), ("http://db/", "db:80", "/", "db"), ("HTTP://db:80/x", "db:80", "/x", "db"),
        ("http://db:8080/healthz/ready?a=b&c", "db:8080", "/healthz/ready?a=b&c", "db:8080"),
        ("https://[::1]/x#part", "[::1]:443", "/x", "[::1]"), ("https://[::1]:80?q", "[::1]:80", "/?q", "[::1]:80"),
        ("https://127.0.0.1:443/healthz/live", "127.0.0.1:443", "/healthz/live", "127.0.0.1"),
    ])
    func `a page has an endpoint, a request target and a Host field`(
        text: String, endpoint: String, target: String, host: String
    ) throws {
        let url = try WebURL(text)
        #expect("\(url.endpoint)" == endpoint)
        #expect(url.url.requestTarget == target)
        #expect(url.hostField == host)
        #expect("\(url)" == text)
    }

    @Test(arguments: [
        ("db/health", "there is no scheme; write http://db/health"), ("ftp://db/", "write one of http:// https://"),
        ("http://", "there is no host"), ("http:///x", "there is no host"), ("http://db:x/", "\"x\" is not a port"),
        ("http://me:secret@db/", "leave out what stands before the @"), ("http://db/a b", "character 12, \" \""),
        ("http://db/\r\nX: y", "is not allowed in a URL"), ("http://db/é", "percent-encode"),
        ("http://db/" + String(repeating: "a", count: 3000), "more than 2048 bytes"),
    ])
    func `a page that cannot be meant is told`(text: String, message: String) {
        do {
            let url = try WebURL(text)
            Issue.record("\(text) was read as \(url)")
        } catch {
            #expect(error.description.contains(message), "\(error)")
        }
    }

    @Test(
        arguments: [
            ("smtp://stalwart:25", "stalwart:25", .smtp, .none), ("smtp://stalwart", "stalwart:25", .smtp, .none),
            ("smtps://stalwart", "stalwart:465", .submissions, .none),
            ("submissions://s", "s:465", .submissions, .none),
            ("submission://s", "s:587", .submission, .none), ("imap://s", "s:143", .imap, .none),
            ("imaps://[::1]", "[::1]:993", .imaps, .none), ("pop3://s", "s:110", .pop3, .none),
            ("pop3s://s", "s:995", .pop3s, .none), ("sieve://s/", "s:4190", .sieve, .none),
            ("smtp://s:2525?proxy=v2", "s:2525", .smtp, .v2), ("imaps://s/?proxy=v1", "s:993", .imaps, .v1),
            ("smtp://s?proxy=none", "s:25", .smtp, .none),
        ] as [(String, String, ListenerProtocol, ProxyProtocolOut.Version)])
    func `a mail server has a protocol and perhaps a header`(
        text: String, endpoint: String, proto: ListenerProtocol, header: ProxyProtocolOut.Version
    ) throws {
        let url = try MailURL(text)
        #expect("\(url.endpoint)" == endpoint)
        #expect(url.proto == proto)
        #expect(url.proxyProtocol == header)
    }

    @Test(arguments: [
        ("stalwart:25", "there is no scheme; write smtp://stalwart:25"), ("http://s", "write one of smtp://"),
        ("smtp://s/INBOX", "leave out \"/INBOX\""),
        ("smtp://s?proxy=v3", "\"v3\" is not a PROXY header; write proxy=v1"),
        ("smtp://s?header=v2", "\"header\" is not known here"), ("smtp://s?proxy", "\"\" is not a PROXY header"),
    ])
    func `a mail server that cannot be meant is told`(text: String, message: String) {
        do {
            let url = try MailURL(text)
            Issue.record("\(text) was read as \(url)")
        } catch {
            #expect(error.description.contains(message), "\(error)")
        }
    }
}
