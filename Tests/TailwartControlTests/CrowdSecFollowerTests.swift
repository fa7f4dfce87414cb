import Foundation
import Synchronization
import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartControl

/// A bouncer and a server that answers as CrowdSec's local API does. What the real one says is in TailwartMailTests.
@Suite(.ownThreads) struct CrowdSecFollowerTests {
    /// What a server is to answer, and what it was asked.
    private final class Script: Sendable {
        private struct State {
            var answer: String
            var asked: [String] = []
        }

        private let state: Mutex<State>

        init(_ answer: String) { state = Mutex(State(answer: answer)) }

        var asked: [String] { state.withLock(\.asked) }

        func answers(_ answer: String) { state.withLock { $0.answer = answer } }

        func serve(_ connection: TestSocket) throws {
            var request = ""
            while !request.hasSuffix("\r\n\r\n") {
                let more = try connection.receive()
                guard !more.isEmpty else { return }
                request += String(decoding: more, as: UTF8.self)
            }
            let answer = state.withLock { state in
                state.asked.append(request)
                return state.answer
            }
            try connection.send(Array(answer.utf8))
        }
    }

    /// A follower, its server and what comes of them.
    private final class Run: Sendable {
        let script: Script
        let server: FakeMailbox
        let key: TextFile
        let follower: CrowdSecFollower
        let keeper: BanKeeper
        private let folder: TemporaryFolder
        private let ledger: Ledger
        private let subscription: Subscription
        private let said = Mutex<[String]>([])

        init(_ answer: String) throws {
            let script = Script(answer)
            self.script = script
            server = try FakeMailbox { connection, _ in try script.serve(connection) }
            folder = try TemporaryFolder()
            key = folder.file("key")
            try key.write("secret\n")
            chmod(key.path, 0o600)
            ledger = try Ledger()
            try ledger.start()
            subscription = ledger.subscribe(from: .info, records: .none) {}
            keeper = try BanKeeper(
                BanSettings(file: nil), ledger: ledger,
                surroundings: .init(own: { [] }, owners: { [] }, publish: { _ in }))
            follower = CrowdSecFollower(of: keeper, ledger: ledger, pause: .milliseconds(20))
        }

        /// - Parameter target: behind the server's address.
        func serve(_ target: String = "/") {
            let url = NoticeURL(isEncrypted: false, host: "127.0.0.1", port: server.address.port, target: target)
            follower.serve(BanSettings.CrowdSec(url: url, keyFile: key.path))
        }

        func waits(toBan networks: [String]) async throws {
            try await eventually("\(networks) are banned") {
                Set(self.keeper.book.bans.map { "\($0.network)" }) == Set(networks) ? true : nil
            }
        }

        func waits(toSay sentence: String) async throws {
            try await eventually(sentence) { self.count(of: sentence) > 0 ? true : nil }
        }

        func count(of sentence: String) -> Int {
            for case .event(let event, _) in subscription.take() ?? [] { said.withLock { $0.append(event.sentence) } }
            return said.withLock { $0.count { $0.contains(sentence) } }
        }

        func end() {
            follower.stop()
            keeper.stop()
            server.close()
            ledger.unsubscribe(subscription)
            #expect(ledger.finish())
            folder.remove()
        }
    }

    private static func answer(_ new: String..., deleted: String = "null", status: String = "200 OK") -> String {
        let list = new.enumerated().map { index, value in
            #"{"duration":"4h","id":\#(index),"origin":"cscli","scenario":"a","scope":"Ip","type":"ban","value":"\#(value)"}"#
        }.joined(separator: ",")
        let body = #"{"deleted":\#(deleted),"new":[\#(list)]}"#
        return "HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    @Test func `decisions are followed, with the key and below the path of the URL`() async throws {
        let run = try Run(Self.answer("203.0.113.7"))
        defer { run.end() }
        run.serve("/crowdsec/?a=b")
        try await run.waits(toBan: ["203.0.113.7"])
        run.script.answers(Self.answer("203.0.113.7", "203.0.113.8"))
        try await run.waits(toBan: ["203.0.113.7", "203.0.113.8"])
        let asked = run.script.asked
        #expect(
            asked[0].hasPrefix(
                "GET /crowdsec/v1/decisions/stream?startup=true&scopes=ip,range&dedup=false HTTP/1.1\r\n"))
        #expect(asked[0].contains("\r\nX-Api-Key: secret\r\n"))
        #expect(asked[1].contains("startup=false"))
        #expect(run.count(of: "has 1 network") == 1)
    }

    @Test func `while it fails all holds, each kind of failure is said once, and then all is asked for`() async throws {
        let run = try Run(Self.answer("203.0.113.7", "203.0.113.8"))
        defer { run.end() }
        run.serve()
        try await run.waits(toBan: ["203.0.113.7", "203.0.113.8"])
        run.script.answers(Self.answer(status: "403 Forbidden"))
        try await run.waits(toSay: "does not know the key in \(run.key.path) (403)")
        run.script.answers("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
        try await run.waits(toSay: "the answer has no 'new'; the last version stays in force, with 2 networks")
        run.script.answers("nonsense\r\n\r\n")
        try await run.waits(toSay: "is not a web server; the last version stays in force, with 2 networks")
        chmod(run.key.path, 0o644)
        let count = run.script.asked.count
        try await Task.sleep(for: .milliseconds(100))
        #expect(run.script.asked.count <= count + 1, "a key that everybody can read is not sent")
        #expect(run.keeper.book.bans.count == 2)
        chmod(run.key.path, 0o600)
        run.script.answers(Self.answer("203.0.113.9"))
        try await run.waits(toBan: ["203.0.113.9"])
        #expect(run.count(of: "cannot be used") == 3)
        #expect(run.count(of: "has 1 network") == 1)
        #expect(run.script.asked.count { $0.contains("startup=true") } > 1)
    }

    @Test func `what is followed no longer is taken back, but not where another process goes on`() async throws {
        let run = try Run(Self.answer("203.0.113.7"))
        defer { run.end() }
        run.serve()
        try await run.waits(toBan: ["203.0.113.7"])
        run.follower.serve(nil)
        try await run.waits(toBan: [])
        let asked = run.script.asked.count
        run.serve()
        try await run.waits(toBan: ["203.0.113.7"])
        #expect(run.script.asked[asked].contains("startup=true"))
        run.follower.stop()
        #expect(run.keeper.book.bans.count == 1)
    }

    @Test func `another URL or key is asked for all, and the end of a server that never answers is not waited for`()
        async throws
    {
        let isLetGo = Mutex(false)
        let silent = try FakeMailbox { connection, _ in
            while try !connection.receive().isEmpty {}
            isLetGo.withLock { $0 = true }
        }
        defer { silent.close() }
        let run = try Run(Self.answer("203.0.113.7"))
        defer { run.end() }
        let url = NoticeURL(isEncrypted: false, host: "127.0.0.1", port: silent.address.port, target: "/")
        run.follower.serve(BanSettings.CrowdSec(url: url, keyFile: run.key.path))
        try await eventually("the silent one is asked") { silent.served > 0 ? true : nil }
        run.serve()
        try await run.waits(toBan: ["203.0.113.7"])
        try await eventually("the silent one is let go") { isLetGo.withLock { $0 } ? true : nil }
    }
}
