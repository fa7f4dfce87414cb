import Foundation
import Glibc
import Synchronization
import TailwartCore
import TailwartSystem
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartControl

/// Real files and servers, and what is published and said of them.
@Suite(.ownThreads) struct ListWatcherTests {
    private final class Published: Sendable {
        let lists = Mutex<AccessLists?>(nil)
    }

    /// A watcher, with what it publishes and says.
    private final class Run: Sendable {
        let watcher: ListWatcher
        private let ledger: Ledger
        private let subscription: Subscription
        private let published: Published
        private let said = Mutex<[String]>([])

        init() throws {
            ledger = try Ledger()
            try ledger.start()
            subscription = ledger.subscribe(from: .info, records: .none) {}
            let published = Published()
            watcher = try ListWatcher(ledger: ledger) { lists in published.lists.withLock { $0 = lists } }
            self.published = published
        }

        func isDenied(_ address: String) -> Bool? {
            guard let address = IPAddress(address), let lists = published.lists.withLock({ $0 }) else { return nil }
            return AccessRules(lists: lists).answer(for: address) != .none
        }

        func waits(for address: String, toBeDenied isDenied: Bool) async throws {
            try await eventually("\(address) denied: \(isDenied)") { self.isDenied(address) == isDenied ? true : nil }
        }

        func waits(toSay sentence: String) async throws {
            try await eventually(sentence) {
                for case .event(let event, _) in self.subscription.take() ?? [] {
                    self.said.withLock { $0.append(event.sentence) }
                }
                return self.said.withLock { $0.contains { $0.contains(sentence) } } ? true : nil
            }
        }

        func count(of sentence: String) -> Int { said.withLock { $0.count { $0.contains(sentence) } } }

        func end() {
            watcher.stop()
            ledger.unsubscribe(subscription)
            #expect(ledger.finish())
        }
    }

    @Test func `a file is followed, and where it is gone the list holds as it was`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let file = folder.file("deny.txt")
        try file.write("192.0.2.0/24\nnonsense\n")
        let run = try Run()
        defer { run.end() }
        try run.watcher.serve([NetworkList(.file(file.path))])
        try await run.waits(toSay: "list deny.txt has 1 network; line 2 is not a network: 'nonsense'")
        #expect(run.isDenied("192.0.2.1") == true)
        #expect(run.isDenied("198.51.100.1") == false)
        try file.write("198.51.100.0/24\n")
        try await run.waits(for: "198.51.100.1", toBeDenied: true)
        #expect(run.isDenied("192.0.2.1") == false)
        unlink(file.path)
        try await run.waits(toSay: "list deny.txt cannot be used: \(file.path) cannot be read: ")
        #expect(run.isDenied("198.51.100.1") == true)
        try folder.file("new").write("192.0.2.0/24\n198.51.100.0/25\n")
        #expect(rename(folder.file("new").path, file.path) == 0)
        try await run.waits(for: "192.0.2.1", toBeDenied: true)
        try run.watcher.serve([])
        try await run.waits(for: "192.0.2.1", toBeDenied: false)
    }

    @Test func `what is no file is said`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let run = try Run()
        defer { run.end() }
        try run.watcher.serve([NetworkList(.file("\(folder.path)/none/deny.txt")), NetworkList(.file(folder.path))])
        try await run.waits(toSay: "\(folder.path)/none/deny.txt cannot be read: ")
        try await run.waits(toSay: "\(folder.path) is not a regular file")
    }

    /// A server that gives one answer after the other, the last one for ever, and keeps what it is asked.
    private static func server(_ answers: [String], asked: @escaping @Sendable (String) -> Void) throws -> FakeMailbox {
        let count = Mutex(0)
        return try FakeMailbox { connection, _ in
            var request = ""
            while !request.hasSuffix("\r\n\r\n") {
                let more = try connection.receive()
                guard !more.isEmpty else { return }
                request += String(decoding: more, as: UTF8.self)
            }
            asked(request)
            let number = count.withLock { count in
                count += 1
                return count
            }
            try connection.send(Array(answers[min(number, answers.count) - 1].utf8))
        }
    }

    private static func answer(_ text: String, _ fields: String = "") -> String {
        "HTTP/1.1 200 OK\r\n\(fields)Content-Length: \(text.utf8.count)\r\n\r\n\(text)"
    }

    @Test func `a URL is asked again and again, and neither an empty answer nor a failure opens anything`() async throws
    {
        let asked = Mutex<[String]>([])
        let server = try Self.server(
            [
                Self.answer(
                    "192.0.2.0/24 ; SBL1\r\n", "ETag: \"one\"\r\nLast-Modified: Sun, 29 Nov 2026 06:00:00 GMT\r\n"),
                "HTTP/1.1 304 Not Modified\r\n\r\n", Self.answer(""), "HTTP/1.1 503 Away\r\n\r\n",
                Self.answer("192.0.2.0/25\n203.0.113.9\n"),
            ]
        ) { request in asked.withLock { $0.append(request) } }
        defer { server.close() }
        let run = try Run()
        defer { run.end() }
        let url = NoticeURL(
            isEncrypted: false, host: "127.0.0.1", port: server.address.port, target: "/drop.txt?key=secret")
        let list = NetworkList(.url(url), every: .milliseconds(20))
        try run.watcher.serve([list])
        try await run.waits(for: "192.0.2.200", toBeDenied: true)
        try await run.waits(
            toSay: "\(list.label) cannot be used: there is no network in it any more; the last version stays in force")
        try await run.waits(for: "203.0.113.9", toBeDenied: true)
        #expect(run.isDenied("192.0.2.200") == false)
        try await run.waits(toSay: "\(list.label) has 2 networks")
        #expect(run.count(of: "cannot be used") == 1)
        #expect(run.count(of: "secret") == 0)
        let requests = asked.withLock { $0 }
        #expect(requests[0].hasPrefix("GET /drop.txt?key=secret HTTP/1.1\r\n"))
        #expect(!requests[0].contains("If-"))
        #expect(
            requests[1].contains("\r\nIf-None-Match: \"one\"\r\nIf-Modified-Since: Sun, 29 Nov 2026 06:00:00 GMT\r\n"))
    }

    @Test func `a list that was fetched holds from the start of the next process on`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let server = try Self.server([Self.answer("192.0.2.0/24\n"), "HTTP/1.1 503 Away\r\n\r\n"]) { _ in }
        defer { server.close() }
        let names = { try FileManager.default.contentsOfDirectory(atPath: folder.path) }
        let url = NoticeURL(isEncrypted: false, host: "127.0.0.1", port: server.address.port, target: "/?key=secret")
        for isFirst in [true, false] {
            let run = try Run()
            try run.watcher.serve([NetworkList(.url(url))], keptBeside: folder.file("bans").path)
            try await run.waits(for: "192.0.2.1", toBeDenied: true)
            if isFirst {
                try await eventually("it is kept") { try names().count == 1 ? true : nil }
                #expect(try names().allSatisfy { $0.hasPrefix("bans.list-") && !$0.contains("secret") })
            } else {
                try await run.waits(toSay: "the last version stays in force, with 1 network")
                try folder.file("bans").write("not a list")
                try run.watcher.serve([], keptBeside: folder.file("bans").path)
                #expect(try names() == ["bans"], "what nobody names any more is removed")
            }
            run.end()
        }
    }

    @Test func `a server that never answers keeps nobody waiting, and is let go at the end`() async throws {
        let isLetGo = Mutex(false)
        let server = try FakeMailbox { connection, _ in
            while try !connection.receive().isEmpty {}
            isLetGo.withLock { $0 = true }
        }
        defer { server.close() }
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try folder.file("deny.txt").write("192.0.2.0/24")
        let run = try Run()
        let url = NoticeURL(isEncrypted: false, host: "127.0.0.1", port: server.address.port, target: "/")
        try run.watcher.serve([NetworkList(.url(url)), NetworkList(.file("\(folder.path)/deny.txt"))])
        try await run.waits(for: "192.0.2.1", toBeDenied: true)
        // What ends before that asks nobody.
        try await eventually("the server is asked") { server.served > 0 ? true : nil }
        run.end()
        try await eventually("the server is let go") { isLetGo.withLock { $0 } ? true : nil }
    }

    @Test func `without a list there is no thread, and nothing to end`() throws {
        let run = try Run()
        try run.watcher.serve([])
        run.end()
    }
}
