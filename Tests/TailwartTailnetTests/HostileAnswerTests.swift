import Glibc
import NIOPosix
import TailwartSystem
import TailwartTailnet
import TailwartTesting
import TailwartWire
import Testing

/// What a program that is not tailscaled, or is broken, may answer. Each ends in its error, in time and in bounded memory.
@Suite struct HostileAnswerTests {
    private static let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    private func failure(
        _ manner: FakeTailscaled.Manner, within timeout: Duration = patience
    ) async throws -> LocalAPIError? {
        var tailnet = FakeTailscaled.Tailnet()
        tailnet.manner = manner
        var failure: LocalAPIError?
        try await withTailscaled(tailnet) { _, api in failure = await api.failure(within: timeout) }
        return failure
    }

    @Test(arguments: [
        (403, "status access denied"), (404, "404 page not found"), (500, "server has no local backend"), (503, ""),
    ])
    func `an HTTP error is told with its text`(status: Int, text: String) async throws {
        #expect(try await failure(.refuses(status, text)) == .status(status, text))
    }

    @Test func `the text of an error is cut and made fit for a line`() async throws {
        let text = "no\u{1b}[2J way " + String(repeating: "x", count: 100_000)
        guard case .status(500, let told)? = try await failure(.refuses(500, text)) else {
            Issue.record("no HTTP error")
            return
        }
        #expect(told.hasPrefix("no?[2J way xxx"))
        #expect(told.utf8.count <= 210)
    }

    @Test(arguments: [
        "", "\r\n", "220 mail.example.org ESMTP\r\n", "HTTP/1.1", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 999999 ?\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\u{0}", head + "Content-Length: 100\r\n\r\n{}", head + "Content-Length: -1\r\n\r\n{}",
        head + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        head + "Transfer-Encoding: chunked\r\n\r\n5\r\n{}", head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}",
        head + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}", head + "no colon\r\n\r\n{}",
    ])
    func `no HTTP, or HTTP that breaks off, is a bad answer`(answer: String) async throws {
        #expect(try await failure(.raw(Self.bytes(answer)))?.name == "bad_answer")
    }

    @Test func `a header of a mebibyte is a bad answer`() async throws {
        let answer = Self.head + "Long: " + String(repeating: "x", count: 1 << 20) + "\r\n\r\n{}"
        #expect(try await failure(.raw(Self.bytes(answer)))?.name == "bad_answer")
    }

    @Test(arguments: [
        "", "null", "[]", "7", "\"Running\"", "{", "{\"BackendState\":", "<html></html>", "{\"BackendState\": 7}", "{}",
        "{\"BackendState\": \"Running\"} {}", "{\"BackendState\": \"\\ud800\"}",
    ])
    func `a body that is no status is not JSON to us`(body: String) async throws {
        #expect(try await failure(body: body)?.name == "not_json")
    }

    @Test(arguments: [("", "["), ("{\"Peer\":", "{\"a\":")])
    func `nor is one that nests a hundred thousand levels deep`(beginning: String, level: String) async throws {
        let body = beginning + String(repeating: level, count: 100_000)
        #expect(try await failure(body: body)?.name == "not_json")
    }

    private func failure(body: String) async throws -> LocalAPIError? {
        try await failure(.raw(Self.bytes(Self.head + "Content-Length: \(body.utf8.count)\r\n\r\n" + body)))
    }

    @Test func `an answer that turns into another protocol is no answer`() async throws {
        let answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: ts-dial\r\n\r\n"
        #expect(try await failure(.raw(Self.bytes(answer))) == .status(101, ""))
    }

    @Test(arguments: [
        (head + "\r\n", "x"),
        (head + "Transfer-Encoding: chunked\r\n\r\n", "100\r\n" + String(repeating: "x", count: 256) + "\r\n"),
        (head + "Content-Length: 99999999999\r\n\r\n", " "),
        ("HTTP/1.1 500 Error\r\n\r\n", "x"),
        ("", "HTTP/1.1 100 Continue\r\n\r\n"),
    ])
    func `an endless answer is cut off`(first: String, again: String) async throws {
        let endless = Array(repeatElement(Self.bytes(again), count: max(1, 65536 / again.utf8.count)).joined())
        let failure = try await failure(.endless(Self.bytes(first), again: endless))
        #expect(failure == .tooLong(limit: LocalAPI.maximumAnswer))
    }

    @Test(arguments: ["x", "Header: value\r\n"])
    func `endless headers are cut off`(again: String) async throws {
        let endless = Array(repeatElement(Self.bytes(again), count: 4096).joined())
        let failure = try await failure(.endless(Self.bytes(Self.head), again: endless))
        #expect(["bad_answer", "too_long"].contains(failure?.name))
    }

    @Test func `a deadline holds when nothing comes`() async throws {
        #expect(try await failure(.silent, within: .milliseconds(300)) == .timedOut(.milliseconds(300)))
    }

    @Test(arguments: [("Padding: ", "x"), ("\r\n", " ")])
    func `a deadline holds whatever comes`(beginning: String, again: String) async throws {
        let slow = Self.bytes(Self.head + beginning + String(repeating: again, count: 4096))
        #expect(
            try await failure(.slow(slow, milliseconds: 5), within: .milliseconds(300)) == .timedOut(.milliseconds(300))
        )
    }

    @Test func `a tailscaled that takes no more connections costs no more than the deadline`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = folder.path + "/tailscaled.sock"
        var listening = try ListeningSocket(unixPath: path)
        defer { listening.close() }
        // A queue of one, which is full.
        listen(listening.socket.raw, 0)
        let queued = try TestSocket.connect(unixPath: path)
        defer { queued.close() }
        let api = LocalAPI(socket: path, group: MultiThreadedEventLoopGroup.singleton)
        let failure = await api.failure(within: .milliseconds(300))
        #expect(["timeout", "not_usable"].contains(failure?.name), "\(String(describing: failure))")
    }

    @Test func `an answer that comes byte by byte is read`() async throws {
        let body = "{\"BackendState\": \"Running\"}"
        let answer =
            Self.head
            + "Transfer-Encoding: chunked\r\n\r\n\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\n\r\n"
        #expect(try await failure(.slow(Self.bytes(answer), milliseconds: 1)) == nil)
    }

    @Test func `a tailnet of some thousands fits`() async throws {
        var tailnet = FakeTailscaled.Tailnet()
        tailnet.peers += (0..<5000).map {
            FakeTailscaled.Node("node\($0).tail1234.ts.net", [.v4(0x6441_0000 + UInt32($0))])
        }
        try await withTailscaled(tailnet) { _, api in
            let status = try await api.status(timeout: patience)
            #expect(status.peers.count == 5001)
        }
    }

    @Test func `many questions at once are each answered`() async throws {
        try await withTailscaled { tailscaled, api in
            await withTaskGroup(of: LocalAPIError?.self) { group in
                for _ in 0..<50 { group.addTask { await api.failure() } }
                for await failure in group { #expect(failure == nil) }
            }
            #expect(tailscaled.requests.count == 50)
        }
    }
}
